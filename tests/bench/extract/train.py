#!/usr/bin/env python3
"""Fit crawler/extract_trees.inc, and say by cross-validation what the fit is worth.

    make train-extract EVAL_EXTRACT=DIR

DIR is that of bench.py.  A block of a full-text page is main text to the degree that its 4-token shingles are in the gold text; a
block of a segments page is labelled where it holds a judged string.  Sites are kept whole in one of five folds, so that the printed
figures are those of unseen sites.  The figures of bench.py on DIR itself are not: its pages were learnt from.
"""
import collections
import hashlib
import importlib.util
import json
import os
import pathlib
import subprocess
import sys
import tempfile
from urllib.parse import urlsplit

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent.parent
OWN, THRESHOLD, LEAF = 0.75, 0.5, 255  # OWN_WEIGHT and THRESHOLD of crawler/extract.c


def load(data, rows_program, scratch):
    spec = importlib.util.spec_from_file_location("score_extract", os.path.join(data, "score_extract.py"))
    scorer = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(scorer)
    scorer.unpack(os.path.join(data, "pages.tar.zst"), scratch)
    gold = [r for r in scorer.load_gold(os.path.join(data, "gold.jsonl")) if r["set"] != "date"]
    files = sorted({r["file"] for r in gold})
    listing = os.path.join(scratch, "list")
    with open(listing, "w", encoding="utf-8") as stream:
        stream.writelines(os.path.join(scratch, f) + "\n" for f in files)
    names = subprocess.run([rows_program, "--names"], check=True, text=True, capture_output=True).stdout.split()
    blocks, rows = os.path.join(scratch, "blocks"), os.path.join(scratch, "rows")
    subprocess.run([rows_program, listing, blocks, rows], check=True)
    with open(blocks, encoding="utf-8") as stream:
        pages = [json.loads(line) for line in stream]
    offset = 0
    for name, page in zip(files, pages):
        page["name"], page["at"] = name, offset
        offset += len(page["blocks"])
    return scorer, gold, pages, np.fromfile(rows, dtype=np.float32).reshape(-1, len(names)), names


def label_text(scorer, page, row, label, weight):
    gold = scorer.TOKEN.findall(row["text"])
    four, two = set(zip(*(gold[i:] for i in range(4)))), set(zip(gold, gold[1:]))
    lines = {tuple(scorer.TOKEN.findall(x)) for x in row["text"].split("\n")}
    for i, block in enumerate(page["blocks"], page["at"]):
        t = scorer.TOKEN.findall(block)
        if not t:
            continue
        if len(t) >= 4:
            label[i] = sum(s in four for s in zip(*(t[k:] for k in range(4)))) / (len(t) - 3)
        else:
            label[i] = float(tuple(t) in lines or (len(t) == 3 and all(s in two for s in zip(t, t[1:]))))
        weight[i] = 0.3 + min(len(t), 100) ** 0.5 / 3


def label_segments(scorer, page, row, label, weight):
    for key, value in (("with", 1.0), ("without", 0.0)):
        for wanted in map(scorer.clean, row[key]):
            for i, block in enumerate(page["blocks"], page["at"]):
                block = scorer.clean(block)
                if wanted in block or (len(block) > 25 and block in wanted):
                    if weight[i] == 0 or value:
                        label[i] = value
                    weight[i] = max(weight[i], 4.0)


def label_all(scorer, gold, pages, n):
    label, weight = np.zeros(n, np.float32), np.zeros(n, np.float32)
    by_file = collections.defaultdict(list)
    for row in gold:
        by_file[row["file"]].append(row)
    for page in pages:
        span = slice(page["at"], page["at"] + len(page["blocks"]))
        for row in by_file[page["name"]]:
            (label_text if row["set"] == "fulltext" else label_segments)(scorer, page, row, label, weight)
        total = weight[span].sum()
        if total and any(r["set"] == "fulltext" for r in by_file[page["name"]]):
            weight[span] *= min(3, max(0.3, 80 / total))
        url = next((r["url"] for r in by_file[page["name"]] if r["url"]), "")
        page["fold"] = int(hashlib.md5((urlsplit(url).netloc or page["name"]).encode()).hexdigest(), 16) % 5
    return label, weight


def fit(x, label, weight, seed):
    model = HistGradientBoostingClassifier(max_iter=80, max_leaf_nodes=12, learning_rate=0.12, min_samples_leaf=40, l2_regularization=5.0,
                                           random_state=seed, early_stopping=False, max_features=0.5, max_bins=128)
    both = np.concatenate([x, x])
    value = np.concatenate([np.ones(len(x)), np.zeros(len(x))])
    share = np.concatenate([weight * label, weight * (1 - label)])
    used = share > 1e-6
    return model.fit(both[used], value[used], sample_weight=share[used])


def evaluate(scorer, gold, pages, score, sizes):
    run = scorer.Run("cross-validated", [])
    for page in pages:
        at, n = page["at"], len(page["blocks"])
        own, group, w = score[at:at + n], np.array(page["group"], int), np.minimum(sizes[at:at + n], 200)
        mean = np.bincount(group, w * own) / np.maximum(np.bincount(group, w), 1e-9) if n else np.zeros(0)
        kept = OWN * own + (1 - OWN) * mean[group] > THRESHOLD if n else []
        run.docs[page["name"]] = {"text": "\n".join(b for b, k in zip(page["blocks"], kept) if k)}
    where = {p["name"]: p["name"] for p in pages}
    segments = scorer.score_segments([r for r in gold if r["set"] == "segments"], run, where)
    fulltext = scorer.score_fulltext([r for r in gold if r["set"] == "fulltext"], run, where, {})
    for name, keep in (("all", lambda i: True), ("fr", lambda i: i[0]["lang"] == "fr")):
        s, f = scorer.sum_segments(list(filter(keep, segments))), scorer.sum_fulltext(list(filter(keep, fulltext)))
        print("cross-validated %s: segments F %.3f, fulltext F1 %.3f" % (name, s["F"], f["F1"]))


def number(value):
    text = "%.6g" % value
    return (text if "." in text or "e" in text else text + ".0") + "f"


def export(model, path):
    cells, sizes = [], []
    for (tree,) in model._predictors:
        flat = []

        def put(i):
            node, at = tree.nodes[i], len(flat)
            flat.append((LEAF, 0, 0, float(node["value"])))
            if not node["is_leaf"]:
                left, right = put(node["left"]), put(node["right"])
                flat[at] = (int(node["feature_idx"]), left - at, right - at, float(node["num_threshold"]))
            return at
        put(0)
        sizes.append(len(flat))
        cells += ["{%d, %d, %d, %s}" % (*c[:3], number(c[3])) for c in flat]
    with open(path, "w", encoding="utf-8") as out:
        out.write("/* Fitted by tests/bench/extract/train.py: %d trees, %d splits and leaves.  Not for editing. */\n" % (len(sizes), len(cells)))
        out.write("static const float model_base = %sf;\n" % ("%.7g" % float(np.ravel(model._baseline_prediction)[0])))
        out.write("static const uint8_t model_sizes[] = {%s};\n" % ", ".join(map(str, sizes)))
        out.write("static const struct split model_splits[] = {\n")
        for i in range(0, len(cells), 6):
            out.write("    " + ", ".join(cells[i:i + 6]) + ",\n")
        out.write("};\n")


def main():
    data = os.environ.get("EVAL_EXTRACT", "")
    if not os.path.exists(os.path.join(data, "gold.jsonl")) or len(sys.argv) != 2:
        print("train-extract: no data: set EVAL_EXTRACT to a folder with gold.jsonl, pages.tar.zst and score_extract.py", file=sys.stderr)
        return 66
    with tempfile.TemporaryDirectory() as scratch:
        scorer, gold, pages, x, names = load(data, sys.argv[1], scratch)
        label, weight = label_all(scorer, gold, pages, len(x))
        fold = np.concatenate([np.full(len(p["blocks"]), p["fold"]) for p in pages])
        score = np.zeros(len(x), np.float32)
        for k in range(5):
            train = (weight > 0) & (fold != k)
            score[fold == k] = fit(x[train], label[train], weight[train], k).predict_proba(x[fold == k])[:, 1]
        evaluate(scorer, gold, pages, score, x[:, names.index("bytes")])
        export(fit(x[weight > 0], label[weight > 0], weight[weight > 0], 0), ROOT / "crawler" / "extract_trees.inc")
    return 0


if __name__ == "__main__":
    sys.exit(main())
