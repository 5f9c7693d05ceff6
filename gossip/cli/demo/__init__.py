"""``gossip demo``: whole peers, each a process of its own, that do everything once and are gone.

``play`` is the course of it, ``happenings`` what it tells, ``screen`` and ``command`` how that is shown. A peer process
runs ``peer`` and is led by ``peer_process`` through ``lines`` of JSON.
"""
