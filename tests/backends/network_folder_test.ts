import assert from "node:assert/strict";
import { tmpdir } from "node:os";
import { test } from "node:test";
import { networkFileSystem, networkNamed } from "../../backends/files/network_folder.ts";

test("networkNamed() knows network file systems by their numbers, also as signed ones", () => {
  assert.equal(networkNamed(0x6969), "NFS");
  assert.equal(networkNamed(0xff534d42), "CIFS");
  assert.equal(networkNamed(0xff534d42 | 0), "CIFS");
  assert.equal(networkNamed(0xef53), undefined); // ext4
});

test("networkFileSystem() asks the system, and finds no network under the temporary folder", () => {
  assert.equal(networkFileSystem(tmpdir()), undefined);
});
