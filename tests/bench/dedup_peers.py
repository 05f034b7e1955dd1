"""Other deduplicators in the layout of `villers dedup`: dedup_peers.py NAME --out DIR FILE...

Each runs as its documentation shows, at 112 hashes in 14 bands of 8 over word 5-grams, one process.  datasketch and rensa take
shingles, not texts: they are given the field's normalisation, done here in Python.  datatrove splits words by white space, which
is faster than the spaCy tokenizer it would use for French.
"""
import glob
import json
import os
import re
import shutil
import subprocess
import sys
import unicodedata

DIGITS = re.compile(r"\d+")


class Table(dict):
    def __missing__(self, c):
        ch = chr(c)
        v = self[c] = ch if ch.isalnum() else (None if unicodedata.category(ch) == "Mn" else " ")
        return v


TABLE = Table()


def shingles(text):
    w = DIGITS.sub("0", unicodedata.normalize("NFD", text.lower()).translate(TABLE)).split()
    return {" ".join(w[i:i + 5]) for i in range(max(1, len(w) - 4))} if w else set()


def lines(path):
    if path.endswith(".zst"):
        p = subprocess.Popen(["zstd", "-qdc", path], stdout=subprocess.PIPE)
        yield from p.stdout
        if p.wait():
            sys.exit("cannot read " + path)
    else:
        with open(path, "rb") as f:
            yield from f


class Union:
    def __init__(self):
        self.parent = {}

    def find(self, x):
        root = x
        while self.parent.setdefault(root, root) != root:
            root = self.parent[root]
        while self.parent[x] != root:
            self.parent[x], x = root, self.parent[x]
        return root

    def join(self, a, b):
        a, b = self.find(a), self.find(b)
        if a != b:
            self.parent[max(a, b)] = min(a, b)


def write(out, files, kept_of):
    """kept_of: duplicate's id to its survivor's; everything else is kept."""
    os.makedirs(out, exist_ok=True)
    with open(os.path.join(out, "kept-00000.jsonl"), "wb") as kept, open(os.path.join(out, "duplicates.jsonl"), "w") as dups:
        for path in files:
            for line in lines(path):
                i = json.loads(line)["id"]
                of = kept_of.get(i, i)
                if of == i:
                    kept.write(line)
                else:
                    dups.write(json.dumps({"id": i, "duplicate_of": of, "similarity": None, "cluster": of}) + "\n")


def clusters(union):
    return {i: union.find(i) for i in list(union.parent)}


def datasketch(out, files):
    from datasketch import MinHash, MinHashLSH
    lsh, union = MinHashLSH(num_perm=112, params=(14, 8)), Union()
    for path in files:
        for line in lines(path):
            row = json.loads(line)
            m = MinHash(num_perm=112, seed=1)
            m.update_batch([s.encode() for s in shingles(row["text"])])
            for other in lsh.query(m):
                union.join(row["id"], other)
            lsh.insert(row["id"], m, check_duplication=False)
    write(out, files, clusters(union))


def rensa(out, files):
    from rensa import RMinHash, RMinHashLSH
    lsh, union, ids = RMinHashLSH(threshold=0.7, num_perm=112, num_bands=14), Union(), []
    for path in files:
        for line in lines(path):
            row = json.loads(line)
            m = RMinHash(num_perm=112, seed=42)
            m.update(list(shingles(row["text"])))
            for other in lsh.query(m):
                union.join(row["id"], ids[other])
            lsh.insert(len(ids), m)
            ids.append(row["id"])
    write(out, files, clusters(union))


def datatrove(out, files):
    from datatrove.executor import LocalPipelineExecutor
    from datatrove.pipeline.dedup.minhash import (MinhashConfig, MinhashDedupBuckets, MinhashDedupCluster, MinhashDedupFilter,
                                                  MinhashDedupSignature)
    from datatrove.pipeline.readers import JsonlReader
    from datatrove.pipeline.writers.jsonl import JsonlWriter
    from datatrove.utils.word_tokenizers import WordTokenizer
    work, config = os.path.join(out, "work"), MinhashConfig(n_grams=5, num_buckets=14, hashes_per_bucket=8)
    os.makedirs(os.path.join(work, "in"))
    for path in files:
        os.symlink(os.path.abspath(path), os.path.join(work, "in", os.path.basename(path)))

    class Split(WordTokenizer):
        def word_tokenize(self, text):
            return text.split()

        def sent_tokenize(self, text):
            return [text]

        def span_tokenize(self, text):
            return [(0, len(text))]

    def reader():
        return JsonlReader(os.path.join(work, "in"), compression="infer")

    def run(tasks, name, *pipeline):
        LocalPipelineExecutor(pipeline=list(pipeline), tasks=tasks, workers=1, logging_dir=os.path.join(work, "logs", name)).run()
    tasks = len(files)
    run(tasks, "1", reader(), MinhashDedupSignature(os.path.join(work, "sig"), config=config, language=Split()))
    run(14, "2", MinhashDedupBuckets(os.path.join(work, "sig"), os.path.join(work, "buckets"), config=config))
    run(1, "3", MinhashDedupCluster(os.path.join(work, "buckets"), os.path.join(work, "remove"), config=config, save_cluster_id=True))
    run(tasks, "4", reader(),
        MinhashDedupFilter(os.path.join(work, "remove"), load_cluster_ids=True,
                           exclusion_writer=JsonlWriter(os.path.join(work, "removed"), compression=None)),
        JsonlWriter(os.path.join(work, "kept"), compression=None))
    survivor, removed = {}, []
    for folder in ("kept", "removed"):
        for path in sorted(glob.glob(os.path.join(work, folder, "*.jsonl"))):
            for line in lines(path):
                row = json.loads(line)
                cluster = row["metadata"].get("minhash_cluster_id", -1)
                if folder == "removed":
                    removed.append((row["id"], cluster))
                elif cluster != -1:
                    survivor[cluster] = row["id"]
    write(out, files, {i: survivor[c] for i, c in removed})
    shutil.rmtree(work)


def text_dedup(out, files):
    import pickle
    work = os.path.join(out, "work")
    os.makedirs(work)
    # Its loader takes one pattern, and gives documents numbers of its own.
    with open(os.path.join(work, "all.jsonl"), "wb") as f:
        ids = []
        for path in files:
            for line in lines(path):
                ids.append(json.loads(line)["id"])
                f.write(line)
    subprocess.run([sys.executable, "-m", "text_dedup.minhash", "--path", "json", "--data_files", os.path.join(work, "all.jsonl"), "--split", "train",
                    "--cache_dir", os.path.join(work, "cache"), "--output", os.path.join(work, "kept"), "--column", "text",
                    "--ngram", "5", "--num_perm", "112", "--b", "14", "--r", "8", "--min_length", "0", "--num_proc", "1", "--debug"],
                   check=True, stdout=subprocess.DEVNULL)
    with open(os.path.join(work, "kept", "uf.pkl"), "rb") as f:
        dump = pickle.load(f)
    union = Union()
    for child, root in dump.items() if isinstance(dump, dict) else dump.parent.items():
        union.join(ids[child], ids[root])
    write(out, files, clusters(union))
    shutil.rmtree(work)


PEERS = {"datasketch": datasketch, "rensa": rensa, "datatrove": datatrove, "text-dedup": text_dedup}

if __name__ == "__main__":
    if len(sys.argv) < 5 or sys.argv[1] not in PEERS or sys.argv[2] != "--out":
        sys.exit(__doc__)
    PEERS[sys.argv[1]](sys.argv[3], sys.argv[4:])
