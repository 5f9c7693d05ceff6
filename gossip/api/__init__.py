"""The seams: typed Protocols and records that mirror Fabric's Go interfaces. No behaviour lives here."""
