import assert from "node:assert/strict";
import { test } from "node:test";
import { compactCode } from "../../scripts/compact_code.ts";

test("code without comments and blanks has the same tokens, texts and ends of statements", () => {
  assert.equal(
    compactCode(`
      /** A sum. */
      export function sum(a, b) {
        // of two
        return a + +b - -a;
      }
      const text = "a  b // no comment";
      let x = 1
      let y = a / /a b/.exec(text).length
      ;[x, y] = [y, x]
    `),
    `export function sum(a,b){return a+ +b- -a;}\n` +
      `const text="a  b // no comment";let x=1\nlet y=a/ /a b/.exec(text).length;[x,y]=[y,x]`,
  );
  // Lines of templates lose their indentation; the code within them, its blanks.
  assert.equal(
    compactCode("html`\n    <p>${ a ? b : `c  d` } e</p>\n  `"),
    "html`\n<p>${a?b:`c  d`} e</p>\n`",
  );
});
