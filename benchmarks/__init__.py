"""What the product costs, measured beside the plainest way to do the same.

`python -m benchmarks` runs all in one go and prints ratios; `python -m benchmarks imports` runs one.
"""
