"""What this library costs, measured beside what a Python user would otherwise pick; see README.md."""
