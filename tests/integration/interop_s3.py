#!/usr/bin/env python3
"""villers push to moto's S3 server, one file in parts, read back by boto3."""
# pip: moto[server] boto3
import hashlib
import json
import logging
import os
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]
import release_under_test as rel  # noqa: E402
from support import VILLERS  # noqa: E402

import boto3  # noqa: E402
from moto.server import ThreadedMotoServer  # noqa: E402

PART = 5 << 20  # the least that S3 takes


def main(villers, size):
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    url = "http://%s:%d" % (host, port)
    keys = {"AWS_ACCESS_KEY_ID": "AKIATEST", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_DEFAULT_REGION": "us-east-1"}
    os.environ.update(keys)
    s3 = boto3.client("s3", endpoint_url=url)
    s3.create_bucket(Bucket="corpus")
    with tempfile.TemporaryDirectory() as work:
        hub = pathlib.Path(work, "hub")
        subprocess.run([villers, "init", hub], check=True, stdout=subprocess.DEVNULL)
        release = rel.make(hub / "releases", "1.0.0", {0: range(50)}, noise={1: size})
        large = next((release / "data").glob("part-00001-*"))
        key = "hub/essai/1.0.0/data/" + large.name
        # Begun by another client: two parts, one of them ours.
        begun = s3.create_multipart_upload(Bucket="corpus", Key=key, Metadata={"sha256": rel.digest(large.read_bytes())})["UploadId"]
        for number, body in ((1, large.read_bytes()[:PART]), (2, b"x" * PART)):
            s3.upload_part(Bucket="corpus", Key=key, UploadId=begun, PartNumber=number, Body=body)
        args = [villers, "push", "essai@1.0.0", "s3://corpus/hub", "--hub", hub, "--endpoint", url, "--part-size", str(PART), "--json", "--quiet"]
        said = json.loads(subprocess.run(args, check=True, stdout=subprocess.PIPE).stdout)
        assert said["kept_parts"] == 1, said
        stored = {o["Key"]: o for page in s3.get_paginator("list_objects_v2").paginate(Bucket="corpus") for o in page["Contents"]}
        for path in (p for p in sorted(release.rglob("*")) if p.is_file()):
            name = "hub/essai/1.0.0/" + str(path.relative_to(release))
            got = s3.get_object(Bucket="corpus", Key=name)
            assert hashlib.sha256(got["Body"].read()).hexdigest() == rel.digest(path.read_bytes()) == got["Metadata"]["sha256"], name
        parts = -(-size // PART)
        assert stored[key]["ETag"].strip('"').endswith("-%d" % parts), stored[key]
        assert not s3.list_multipart_uploads(Bucket="corpus").get("Uploads"), "an upload is left"
        assert json.loads(subprocess.run(args, check=True, stdout=subprocess.PIPE).stdout)["sent_files"] == 0
    server.stop()
    print("ok    push in %d parts to moto's S3, read back by boto3" % parts)


if __name__ == "__main__":
    main(VILLERS, 23 << 20)
