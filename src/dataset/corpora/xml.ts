/**
 * The little of XML that label files need: start tags with their attributes, in the order of the file. Comments, CDATA,
 * processing instructions and doctypes are stepped over; nothing is resolved, so nothing can expand.
 * Names of attributes have at most 100 characters here, which keeps the search linear.
 */

/** A start tag. */
export interface XmlTag {
  name: string;
  attributes: Readonly<Record<string, string>>;
}

const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

/** All start tags. Text that is no XML gives what tags it has; time is linear in the text. */
export function xmlTags(text: string): XmlTag[] {
  const tags: XmlTag[] = [];
  for (let at = text.indexOf('<'); at >= 0; at = text.indexOf('<', at)) {
    const end = endOf(text, at);
    if (end < 0) break;
    const name = /^[A-Za-z_][\w.:-]{0,200}/.exec(text.slice(at + 1, Math.min(end, at + 250)))?.[0];
    if (name) tags.push({ name, attributes: attributesOf(text.slice(at + 1 + name.length, end)) });
    at = end;
  }
  return tags;
}

/** Where the markup that begins at `at` ends: the place of its last character, or -1. */
function endOf(text: string, at: number): number {
  const close = (mark: string) => {
    const found = text.indexOf(mark, at);
    return found < 0 ? -1 : found + mark.length - 1;
  };
  if (text.startsWith('<!--', at)) return close('-->');
  if (text.startsWith('<![CDATA[', at)) return close(']]>');
  if (text.startsWith('<?', at)) return close('?>');
  let quote = '';
  for (let i = at + 1; i < text.length; i++) {
    const c = text[i]!;
    if (quote !== '') quote = c === quote ? '' : quote;
    else if (c === '"' || c === "'") quote = c;
    else if (c === '>') return i;
  }
  return -1;
}

function attributesOf(text: string): Record<string, string> {
  const attributes: Record<string, string> = {};
  for (const [, name, double, single] of text.matchAll(
    /(?<![\w.:-])([A-Za-z_][\w.:-]{0,100})\s{0,100}=\s{0,100}(?:"([^"]*)"|'([^']*)')/g,
  )) {
    attributes[name!] = (double ?? single ?? '').replace(
      /&(\w{1,8});/g,
      (whole, key: string) => entities[key] ?? whole,
    );
  }
  return attributes;
}
