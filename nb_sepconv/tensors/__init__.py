"""Values: types, shapes, conversion to arrays, and objects that stand for arrays."""
