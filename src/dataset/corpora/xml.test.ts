import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { xmlTags } from './xml.js';

describe('xmlTags', () => {
  it('reads start tags and attributes, and steps over the rest', () => {
    const text = `<?xml version="1.0"?><!DOCTYPE a [<!ENTITY e "x">]><!-- <no id="1"/> --><a id='1' b="&lt;&amp;&quot;&e;">
      <![CDATA[<no/>]]>text</a><b/><c x = "1>2" y="'"></c>`;
    expect(xmlTags(text)).toEqual([
      { name: 'a', attributes: { id: '1', b: '<&"&e;' } },
      { name: 'b', attributes: {} },
      { name: 'c', attributes: { x: '1>2', y: "'" } },
    ]);
  });

  it('reads back any attribute', () => {
    fc.assert(
      fc.property(fc.string(), (value) => {
        const escaped = value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
        expect(xmlTags(`<t v="${escaped}"/>`)).toEqual([{ name: 't', attributes: { v: value } }]);
      }),
    );
  });

  it('ends on anything, in time that is linear', () => {
    const piece = fc.constantFrom(
      '<',
      '>',
      '"',
      "'",
      '<!--',
      '-->',
      '<![CDATA[',
      ']]>',
      '<?',
      '?>',
      'a',
      '=',
      ' ',
      '/',
    );
    fc.assert(fc.property(fc.array(piece), (parts) => void xmlTags(parts.join(''))));
    for (const evil of ['<', '<a ', '<!--', '<a b="', '<a b=c ', 'a=', 'a', 'a ']) {
      const begin = performance.now();
      xmlTags(evil.repeat(200_000));
      xmlTags(`<t ${evil.repeat(200_000)}>`);
      expect(performance.now() - begin, evil).toBeLessThan(3000);
    }
  });
});
