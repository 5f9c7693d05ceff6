"""Logs as a Fabric peer writes them: its logger names, its specification of levels, lines for people or programs."""
