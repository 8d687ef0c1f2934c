"""Compute the numbers of figures by pandas and statsmodels: JSON cases on stdin, results on stdout."""

import itertools
import json
import math
import sys
import warnings

import numpy as np
import pandas as pd
import statsmodels.formula.api as smf
from statsmodels.stats.anova import anova_lm

warnings.filterwarnings("ignore")


def factor(name):
    return f"C({name})"


def sequential(cells, terms):
    """Return what each term explains beyond those before it, per configuration."""
    sums = {}
    left = ((cells["mean"] - cells["mean"].mean()) ** 2).sum()
    for i, term in enumerate(terms):
        model = " + ".join(":".join(map(factor, each)) for each in terms[: i + 1])
        residual = smf.ols(f"mean ~ {model}", cells).fit().ssr
        sums["*".join(term)] = (left - residual) / len(cells)
        left = residual
    return sums


def marginal(values, keys):
    return values.groupby(keys).transform("mean").pow(2).mean()


def shares(frame, cells, params, exact):
    if exact:
        # The analysis of variance of runs, not of means.
        fit = smf.ols("y ~ " + " * ".join(map(factor, params)), frame).fit()
        table = anova_lm(fit, typ=1)["sum_sq"]
        total = ((frame["y"] - frame["y"].mean()) ** 2).sum()
        named = {
            "*".join(name[2:-1] for name in term.split(":")): value / total
            for term, value in table.items()
            if term != "Residual" and term.count(":") < 2
        }
        return {"terms": named, "noise": ((frame["y"] - fit.fittedvalues) ** 2).sum() / total}
    means = cells["mean"]
    centered = means - means.mean()
    within = frame.groupby(params)["y"].var(ddof=0).mean()
    total = (centered**2).mean() + within
    mains = sorted(params, key=lambda name: -marginal(centered, cells[name]))
    terms = [(name,) for name in mains]
    model = smf.ols("mean ~ " + " + ".join(map(factor, mains)), cells).fit()
    possible = np.prod([cells[name].nunique() for name in params])
    pairs = []
    for pair in itertools.combinations(mains, 2):
        levels = cells.groupby(list(pair)).ngroups
        if len(cells) >= possible / 2 or levels <= len(cells) / 2:
            pairs.append((marginal(model.resid, [cells[pair[0]], cells[pair[1]]]), pair))
    terms += [pair for _, pair in sorted(pairs, key=lambda each: -each[0])]
    sums = sequential(cells, terms)
    return {"terms": {name: value / total for name, value in sums.items()}, "noise": within / total}


def front(cells, sign, other_sign):
    """Return the configurations that no other is at least as good as in both metrics."""
    points = list(zip(sign * cells["mean"], other_sign * cells["other"]))
    return [
        i
        for i, (a, b) in enumerate(points)
        if not any(x <= a and y <= b and (x < a or y < b) for x, y in points)
    ]


def numbers(case):
    params, sign = case["params"], 1 if case["lower"] else -1
    frame = pd.DataFrame(case["rows"])
    grouped = frame.groupby(params, sort=False)
    cells = grouped["y"].agg(["mean", "std", "count", "min", "max"]).reset_index()
    cells["other"] = grouped["other"].mean().to_numpy()
    order = (sign * cells["mean"]).sort_values(kind="stable").index
    first = cells.loc[order[0]]
    error = 0 if np.isnan(first["std"]) else first["std"] / np.sqrt(first["count"])
    effects = {
        name: {
            str(value): [
                some.mean(),
                np.quantile(some, 0.1),
                np.quantile(some, 0.9),
                some.min() if case["lower"] else some.max(),
                len(some),
            ]
            for value, some in cells.groupby(name)["mean"]
        }
        for name in params
    }
    x, y = params[:2]
    heat = {
        f"{a} {b}": [
            cells[(cells[x] == a) & (cells[y] == b)]["mean"].mean(),
            some.median(),
            some.std(),
            some.min() if case["lower"] else some.max(),
            len(some),
        ]
        for (a, b), some in frame.groupby([x, y])["y"]
    }
    bins = min(max(math.ceil(2 * math.sqrt(len(frame["y"]))), 10), 60)
    return {
        "best": [
            [float(each) if not np.isnan(each) else None for each in row]
            for row in cells.loc[order, ["mean", "std", "count", "min", "max"]].to_numpy()
        ],
        "within": int((sign * (cells["mean"] - first["mean"]) <= error).sum()),
        "front": sorted(cells.loc[i, "mean"] for i in front(cells, sign, -1)),
        "effects": effects,
        "heat": heat,
        "shares": shares(frame, cells, params, case["exact"]),
        "histogram": np.histogram(frame["y"], bins=bins)[0].tolist(),
    }


text = json.dumps([numbers(case) for case in json.load(sys.stdin)], default=float)
print(text.replace("NaN", "null"))
