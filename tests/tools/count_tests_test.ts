import assert from "node:assert/strict";
import { test } from "node:test";
import { countTests } from "../../scripts/count_tests.ts";

test("countTests() counts what Deno reports, without groups that are only the sum of their parts", () => {
  const report = `<testsuites name="deno test" tests="7"><testsuite name="./tests/a_test.ts">
    <testcase name="plain" time="0.006">
    </testcase>
    <testcase name="off"><skipped/></testcase>
    <testcase name="group">
        <failure message="1 test step failed">1 test step failed.</failure>
    </testcase>
    <testcase name="own fault"><failure message="Uncaught Error: &gt; boom">boom</failure></testcase>
    <testcase name="group &gt; good"></testcase>
    <testcase name="group &gt; bad"><failure message="Uncaught Error">x</failure></testcase>
    <testcase name="own fault &gt; good"></testcase>
  </testsuite></testsuites>`;
  assert.deepEqual(countTests(report), {
    passed: 3,
    failed: ["own fault\n    boom", "group > bad\n    x"],
    skipped: ["off"],
  });
});

test("countTests() counts what Bun reports", () => {
  const report = `<testsuites name="bun test"><testsuite name="tests/a_test.ts" tests="4">
    <testcase name="a &gt; b" classname="" line="6" assertions="0" />
    <testcase name="later"><skipped message="TODO" /></testcase>
    <testcase name="bad"><failure type="Error" message="boom">Error: boom&#10; at 1</failure></testcase>
    <testsuite name="suite"><testcase name="it" classname="suite" /></testsuite>
  </testsuite></testsuites>`;
  assert.deepEqual(countTests(report), {
    passed: 2,
    failed: ["bad\n    Error: boom\n     at 1"],
    skipped: ["later (TODO)"],
  });
});

test("countTests() counts what Node reports, with the reasons of skips", () => {
  const report = `<testsuites>
	<testcase name="a > b" classname="test"/>
	<testcase name="off" classname="test"><skipped type="skipped" message="no &#34;pg&#34; here"/></testcase>
	<testcase name="bad" failure="boom"><failure type="testCodeFailure" message="boom">at &lt;x></failure></testcase>
	<testsuite name="suite"><testcase name="it" classname="suite"/></testsuite>
  </testsuites>`;
  assert.deepEqual(countTests(report), {
    passed: 2,
    failed: ["bad\n    at <x>"],
    skipped: ['off (no "pg" here)'],
  });
});

test("countTests() counts nothing in a report that was not written", () => {
  assert.deepEqual(countTests(""), { passed: 0, failed: [], skipped: [] });
});
