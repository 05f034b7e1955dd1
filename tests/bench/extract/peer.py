"""One extractor of the field over a list of pages: peer.py NAME LIST, a JSON line a page, default settings."""
import json
import sys


def trafilatura():
    from trafilatura import bare_extraction

    def run(body):
        doc = bare_extraction(body, with_metadata=True)
        doc = doc.as_dict() if doc is not None else {}
        return {key: doc.get(key) or "" for key in ("text", "title", "author", "date")}
    return run


def resiliparse():
    from resiliparse.extract.html2text import extract_plain_text
    from resiliparse.parse.encoding import bytes_to_str, detect_encoding
    return lambda body: {"text": extract_plain_text(bytes_to_str(body, detect_encoding(body)), main_content=True)}


def justext():
    import justext as library
    words = frozenset().union(*(library.get_stoplist(x) for x in ("English", "French", "German")))
    return lambda body: {"text": "\n".join(p.text for p in library.justext(body, words) if not p.is_boilerplate)}


def readability():
    import lxml.html
    from readability import Document

    def run(body):
        doc = Document(body)
        return {"text": "\n".join(lxml.html.fromstring(doc.summary()).itertext()), "title": doc.short_title() or ""}
    return run


def htmldate():
    from htmldate import find_date
    return lambda body: {"text": "", "date": find_date(body, original_date=True) or ""}


def main():
    run = {f.__name__: f for f in (trafilatura, resiliparse, justext, readability, htmldate)}[sys.argv[1]]()
    with open(sys.argv[2], encoding="utf-8") as listing:
        paths = [line.rstrip("\n") for line in listing if line.strip()]
    for path in paths:
        with open(path, "rb") as stream:
            body = stream.read()
        try:
            doc = run(body)
        except Exception as problem:  # a peer's failure on a page is a page without text
            print("%s: %s" % (path, problem), file=sys.stderr)
            doc = {"text": ""}
        print(json.dumps(dict(doc, file=path)))


if __name__ == "__main__":
    main()
