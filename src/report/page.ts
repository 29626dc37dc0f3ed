/** What every page of analysed videos has around its contents: one file, no network, only its own script. */
import { escapeHtml } from './format.js';
import { style } from './style.js';

export interface Page {
  /** Text. */
  title: string;
  /** Style beside the common one. */
  css: string;
  /** Markup of `main`. */
  body: string;
  script: string;
  version: string;
  date: Date;
}

/** The whole document. The script is let in by its hash in the content security policy; nothing else can run or load. */
export async function htmlDocument({ title, css, body, script, version, date }: Page): Promise<string> {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-${await sha256(script)}'">
<title>${escapeHtml(title)}</title>
<style>${style}${css}</style>
</head>
<body>
<header class="top"><b>vultus</b> · expression over time, read from the compressed stream</header>
<main>
${body}
</main>
<footer>Made by vultus ${escapeHtml(version)} on ${date.toISOString().slice(0, 10)}. This file holds everything it shows and asks no network for anything.</footer>
<script>${script}</script>
</body>
</html>
`;
}

async function sha256(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return btoa(String.fromCharCode(...new Uint8Array(digest)));
}

/** What no report may be used for. `subject`: what is shown, as in "a face in this video". */
export function boundaries(subject: string): string {
  return `<section class="card limits" id="limits" aria-labelledby="limits-title">
<h2 id="limits-title">What this does not say, and may not be used for</h2>
<p>The labels name what a face in ${subject} looks like it does: an expression. They do not say what anyone feels, means or intends. The model errs, and errs more on faces, light, angles and cameras unlike those it was trained on; probabilities are its belief, not the chance of being right.</p>
<p>Do not decide about people with it. In the European Union, using AI to infer emotions of people at work or in education is prohibited except for medical or safety reasons (<abbr title="Artificial Intelligence Act">AI Act</abbr>, Regulation (EU) 2024/1689, Article 5(1)(f)); elsewhere, people shown must know of it and agree.</p>
</section>`;
}

/** The same in a line, for the top of a page. */
export const boundaryLine =
  '<p class="use">Expressions, not feelings, and not for deciding about people. <a href="#limits">What this may not be used for</a></p>';
