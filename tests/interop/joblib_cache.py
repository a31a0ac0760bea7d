"""joblib: a function whose results are kept on the disk."""

import os
import sys

from maker import main

CODE = '''
import numpy
from joblib import Memory

memory = Memory("cache", verbose=0)
calls = []


@memory.cache
def slow(n):
    calls.append(n)
    return numpy.arange(n, dtype="float64")
'''


def use(home):
    project = home / "project"
    project.mkdir(exist_ok=True)
    (project / "features.py").write_text(CODE)
    os.chdir(project)
    sys.path.insert(0, str(project))
    import features

    cached = [features.slow.check_call_in_cache(n) for n in [5000, 9000]]
    values = [features.slow(n) for n in [5000, 9000]]
    assert [len(v) for v in values] == [5000, 9000]
    return {"cached": cached, "computed": features.calls}


def make(root, home, site):
    return use(home)


def verify(root, home, site):
    return use(home)


main(make, verify)
