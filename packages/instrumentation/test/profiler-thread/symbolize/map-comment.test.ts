import { describe, expect, test } from 'vitest';
import { findMapComment } from '../../../src/profiler-thread/symbolize/source-map/map-comment.js';

const CODE = 'const a = 1;\n';

describe('finds the comment', () => {
  test.each([
    ['at the end', `${CODE}//# sourceMappingURL=a.js.map`, 'a.js.map'],
    ['with a line end', `${CODE}//# sourceMappingURL=a.js.map\r\n`, 'a.js.map'],
    ['after code', 'f();//# sourceMappingURL=a.js.map', 'a.js.map'],
    ['in the old form', `${CODE}//@ sourceMappingURL=a.js.map`, 'a.js.map'],
    ['in a block comment', `${CODE}/*# sourceMappingURL=a.js.map */`, 'a.js.map'],
    ['in a block comment without blanks', `${CODE}/*# sourceMappingURL=a.js.map*/`, 'a.js.map'],
    [
      'before other comments',
      `${CODE}//# sourceMappingURL=a.js.map\n// x\n/* y */\n\n//# debugId=1`,
      'a.js.map',
    ],
    ['the last of several', '//# sourceMappingURL=a.map\n//# sourceMappingURL=b.map\n', 'b.map'],
    ['with // in its URL', `${CODE}//# sourceMappingURL=https://a.example/b.map`, 'https://a.example/b.map'],
    [
      'when a string follows that looks like one',
      '//# sourceMappingURL=a.map\n// "sourceMappingURL="',
      'a.map',
    ],
  ])('%s', (_, text, url) => {
    expect(findMapComment(text, true)).toEqual({ url });
  });
});

describe('finds no comment', () => {
  test.each([
    ['nothing', CODE],
    ['nothing at all', ''],
    ['in a string', 'const a = "//# sourceMappingURL=a.map";'],
    ['in a template', `const a = \`//# sourceMappingURL=\${url}\`;`],
    ['without a comment', 'sourceMappingURL=a.map'],
    ['without a mark', `${CODE}// sourceMappingURL=a.map`],
    ['without a URL', `${CODE}//# sourceMappingURL=`],
    ['with blanks in its URL', `${CODE}//# sourceMappingURL=a b.map`],
    ['left over from a part of a bundle', `//# sourceMappingURL=a.map\n${CODE}`],
    ['many that are none', 'x = "sourceMappingURL=";'.repeat(1000)],
  ])('%s', (_, text) => {
    expect(findMapComment(text, true)).toBe('none');
  });
});

describe('at the end of a cut text', () => {
  const base64 = 'QUJD'.repeat(500);

  test.each([
    ['a data: URL that began before', base64, 'cut'],
    ['a percent-encoded one', '%7B%22a%22'.repeat(50), 'cut'],
    ['one with its beginning cut', `gURL=data:application/json;charset=utf-8;base64,${base64}\n`, 'cut'],
    ['code', `f(a, b);${base64} + 1`, 'none'],
    ['code without line ends', 'a.b=c(1);d={e:"f g"};'.repeat(50), 'none'],
    ['data and then code', `${base64}\nf();`, 'none'],
  ])('%s', (_, text, expected) => {
    expect(findMapComment(text, false)).toBe(expected);
    expect(findMapComment(text, true)).toBe('none');
  });
});
