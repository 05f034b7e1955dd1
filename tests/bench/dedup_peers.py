"""Other deduplicators in the layout of `villers dedup`: dedup_peers.py NAME --out DIR FILE...

Each runs as its documentation shows, in one process, from the same compressed JSON lines to the documents it keeps on disk.  What that
takes (processor seconds of the process and its children, start-up included, and their peak memory) goes to the file that
DEDUP_COUNTED names; what it takes to tell in this layout what a peer decided comes after, and is not counted.
"""
import glob
import hashlib
import importlib.util
import json
import os
import re
import resource
import shutil
import subprocess
import sys
import time
import unicodedata

BEGAN = time.monotonic()
SETTINGS = {
    "rensa": "RMinHash of 112 permutations (its full sketch, no sampling), RMinHashLSH of 14 bands; word 5-grams normalised here in Python",
    "datasketch": "MinHash(112) by update_batch, MinHashLSH(params=(14, 8)); word 5-grams normalised here in Python",
    "text-dedup": "text_dedup.minhash --ngram 5 --num_perm 112 --b 14 --r 8, one process; writes Arrow",
    "datatrove": "signatures, buckets, clusters, filter; 5-grams, 14 x 8; words split at white space, which is the least it can do",
    "datatrove-fr": "the same with the tokenizer it takes for French (spaCy's), as FineWeb-2's pipeline has it",
    "dolma": "dedupe on $.text by a Bloom filter (exact texts alone: it has no near-duplicates), then mix; writes zstd",
}

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


def counted(**more):
    """The peer has its answer on disk: what follows is ours."""
    if "DEDUP_COUNTED" not in os.environ:
        return
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    with open(os.environ["DEDUP_COUNTED"], "w") as f:
        json.dump(dict(more, wall=time.monotonic() - BEGAN, cpu=own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime,
                       rss_kb=max(own.ru_maxrss, children.ru_maxrss)), f)


class Normalised:
    """shingles(), and the seconds it took."""
    def __init__(self):
        self.seconds = 0.0

    def __call__(self, text):
        began = time.process_time()
        v = shingles(text)
        self.seconds += time.process_time() - began
        return v


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
    import orjson
    os.makedirs(out, exist_ok=True)
    with open(os.path.join(out, "kept-00000.jsonl"), "wb") as kept, open(os.path.join(out, "duplicates.jsonl"), "w") as dups:
        for path in files:
            for line in lines(path):
                i = orjson.loads(line)["id"]
                of = kept_of.get(i, i)
                if of == i:
                    kept.write(line)
                else:
                    dups.write(json.dumps({"id": i, "duplicate_of": of, "similarity": None, "cluster": of}) + "\n")


def clusters(union):
    return {i: union.find(i) for i in list(union.parent)}


def datasketch(out, files):
    import orjson
    from datasketch import MinHash, MinHashLSH
    lsh, union, grams = MinHashLSH(num_perm=112, params=(14, 8)), Union(), Normalised()
    for path in files:
        for line in lines(path):
            row = orjson.loads(line)
            m = MinHash(num_perm=112, seed=1)
            m.update_batch([s.encode() for s in grams(row["text"])])
            for other in lsh.query(m):
                union.join(row["id"], other)
            lsh.insert(row["id"], m, check_duplication=False)
    write(out, files, clusters(union))
    counted(normalising=grams.seconds)


def rensa(out, files):
    import orjson
    from rensa import RMinHash, RMinHashLSH
    lsh, union, ids, grams = RMinHashLSH(threshold=0.7, num_perm=112, num_bands=14), Union(), [], Normalised()
    for path in files:
        for line in lines(path):
            row = orjson.loads(line)
            m = RMinHash(num_perm=112, seed=42)
            m.update(list(grams(row["text"])))
            for other in lsh.query(m):
                union.join(row["id"], ids[other])
            lsh.insert(len(ids), m)
            ids.append(row["id"])
    write(out, files, clusters(union))
    counted(normalising=grams.seconds)


def datatrove(out, files, language=None):
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
    run(tasks, "1", reader(), MinhashDedupSignature(os.path.join(work, "sig"), config=config, language=language or Split()))
    run(14, "2", MinhashDedupBuckets(os.path.join(work, "sig"), os.path.join(work, "buckets"), config=config))
    run(1, "3", MinhashDedupCluster(os.path.join(work, "buckets"), os.path.join(work, "remove"), config=config, save_cluster_id=True))
    run(tasks, "4", reader(),
        MinhashDedupFilter(os.path.join(work, "remove"), load_cluster_ids=True,
                           exclusion_writer=JsonlWriter(os.path.join(work, "removed"), compression=None)),
        JsonlWriter(os.path.join(work, "kept"), compression=None))
    counted()
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
    counted()
    with open(os.path.join(work, "kept", "uf.pkl"), "rb") as f:
        dump = pickle.load(f)
    union = Union()
    for child, root in dump.items() if isinstance(dump, dict) else dump.parent.items():
        union.join(ids[child], ids[root])
    write(out, files, clusters(union))
    shutil.rmtree(work)


def dolma_module():
    """Its Rust part alone: the Python one wants forty packages for what is not used here."""
    spec = importlib.util.find_spec("dolma")
    path = glob.glob(os.path.join(spec.submodule_search_locations[0], "dolma*.so"))[0]
    spec = importlib.util.spec_from_file_location("dolma.dolma", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def dolma(out, files):
    module, work = dolma_module(), os.path.join(os.path.abspath(out), "work")
    os.makedirs(os.path.join(work, "documents"))
    for path in files:
        os.symlink(os.path.abspath(path), os.path.join(work, "documents", os.path.basename(path)))
    documents, work_dir = [os.path.join(work, "documents", "*")], {"input": os.path.join(work, "in"), "output": os.path.join(work, "tmp")}
    module.deduper_entrypoint(json.dumps({
        "dedupe": {"name": "dup", "skip_empty": False, "min_length": 0, "min_words": 0, "num_partitions": 1, "partition_index": 0,
                   "file_partition": False, "document_dir": "documents", "documents": {"attribute_name": "dup", "key": "$.text"}},
        "documents": documents, "work_dir": work_dir, "processes": 1, "is_s3_volume": False, "compression": {"input": None, "output": None},
        "bloom_filter": {"file": os.path.join(work, "bloom"), "read_only": False, "size_in_bytes": 0, "estimated_doc_count": 1000000,
                         "desired_false_positive_rate": 1e-6}}))
    module.mixer_entrypoint(json.dumps({"processes": 1, "work_dir": work_dir, "streams": [{
        "name": "kept", "documents": documents, "attributes": ["dup"], "output": {"path": os.path.join(work, "kept"), "max_size_in_bytes": 1 << 40},
        "filter": {"include": [], "exclude": ["(.attributes.dup // []) | length > 0"], "syntax": "jq"},
        "compression": {"input": None, "output": "zst"}}]}))
    counted()
    # Which text a removed document repeats it does not say; the texts do.
    dropped = {row["id"] for path in glob.glob(os.path.join(work, "attributes", "dup", "*")) for row in map(json.loads, lines(path)) if row["attributes"]}
    text, first, kept_of = {}, {}, {}
    for path in files:
        for row in map(json.loads, lines(path)):
            text[row["id"]] = hashlib.sha256(row["text"].encode()).digest()
            if row["id"] not in dropped:
                first.setdefault(text[row["id"]], row["id"])
    for i in dropped:
        kept_of[i] = first.get(text[i], "")  # "": a false positive of the filter
    write(out, files, kept_of)
    shutil.rmtree(work)


PEERS = {"datasketch": datasketch, "rensa": rensa, "datatrove": datatrove, "datatrove-fr": lambda out, files: datatrove(out, files, "fr"),
         "text-dedup": text_dedup, "dolma": dolma}

if __name__ == "__main__":
    if len(sys.argv) < 5 or sys.argv[1] not in PEERS or sys.argv[2] != "--out":
        sys.exit(__doc__)
    PEERS[sys.argv[1]](sys.argv[3], sys.argv[4:])
