"""Times the Python package `lifetimes` beside the example `fit`, on the same file: python compare_lifetimes.py bgnbd|pareto FILE.csv

It takes lifetimes 0.11.3 with an older NumPy and pandas: pip install lifetimes==0.11.3 'numpy<1.24' 'pandas<2' 'scipy<1.11'.
The file has the columns frequency, recency and T. Defaults, no penalty, one thread.
"""
import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import json
import sys
import time
import warnings

import pandas
from lifetimes import BetaGeoFitter, ParetoNBDFitter

warnings.simplefilter("ignore")
kind, path = sys.argv[1:3]
customers = pandas.read_csv(path)
fitter = {"bgnbd": BetaGeoFitter, "pareto": ParetoNBDFitter}[kind](penalizer_coef=0.0)
before = time.process_time()
fitter.fit(customers["frequency"], customers["recency"], customers["T"])
after = time.process_time()
print(json.dumps({"parameters": {name: float(value) for name, value in fitter.params_.items()}, "cpu_seconds_of_the_fit": after - before}))
