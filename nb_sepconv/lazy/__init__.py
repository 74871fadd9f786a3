"""Convolutions and layers of Dask's arrays: lazy arrays, each of whose chunks is one task. Dask is imported by none of
these modules before an array of Dask comes.
"""
