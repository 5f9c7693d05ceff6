"""X.509 organisations from Fabric's MSP folders."""
