/** The report's style sheet: system fonts, light and dark, one column on narrow screens. */
import { colourOf, inkOn } from './palette.js';

/** Colours of the labels and of words upon them, as `--c` and `--on` of elements of class `c0`, `c1`, … inside element `id`. */
export function colours(id: string, labels: readonly string[]): string {
  const rules = (scheme: 'light' | 'dark') =>
    labels.map((label, c) => {
      const colour = colourOf(label, c)[scheme];
      return `#${id} .c${c}{--c:${colour};--on:${inkOn(colour)}}`;
    });
  return `${rules('light').join('')}@media screen and (prefers-color-scheme:dark){${rules('dark').join('')}}`;
}

export const style = `
:root{color-scheme:light dark;--paper:#f6f5f2;--card:#fff;--ink:#1d2129;--soft:#5a6270;--line:#e1dfd9;--track:#f1f0ec;--hatch:#c9c5bb;--bare:#fbfaf8;--accent:#31527d;--warn:#8a4b00;--warnpaper:#fff4e0;--warnline:#f0d3a4}
@media screen and (prefers-color-scheme:dark){:root{--paper:#14171c;--card:#1c2027;--ink:#e9ebef;--soft:#a0a9b8;--line:#2f3641;--track:#232933;--hatch:#4a5463;--bare:#181c22;--accent:#9dbde6;--warn:#ffca80;--warnpaper:#33291a;--warnline:#5c4623}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
main,footer{max-width:1160px;margin:0 auto;padding:0 24px}
header.top{max-width:1160px;margin:0 auto;padding:28px 24px 0;color:var(--soft);font-size:.85rem;letter-spacing:.02em}
header.top b{color:var(--accent);font-weight:650}
h1{font-size:clamp(1.35rem,1.05rem + 1.5vw,1.9rem);line-height:1.2;margin:14px 0 6px;letter-spacing:-.015em;overflow-wrap:anywhere}
h2{font-size:1.05rem;margin:0 0 14px;letter-spacing:-.005em}
p{margin:0 0 10px}
.lead{font-size:1.08rem;max-width:62ch;margin-bottom:14px}
.facts{display:flex;flex-wrap:wrap;gap:6px 20px;margin:0 0 20px;padding:0;list-style:none;color:var(--soft);font-size:.88rem}
.facts b{color:var(--ink);font-weight:600}
.card{background:var(--card);border:1px solid var(--line);border-radius:14px;padding:22px 24px;margin:0 0 18px}
.notice{background:var(--warnpaper);border:1px solid var(--warnline);color:var(--warn);border-radius:10px;padding:10px 14px;margin:0 0 16px;font-size:.92rem;overflow-wrap:anywhere}
.chart{position:relative}
.lane{display:grid;grid-template-columns:160px minmax(0,1fr);gap:14px;align-items:center;margin-bottom:5px}
.name{display:flex;align-items:center;gap:8px;font-size:.9rem;min-width:0;white-space:nowrap}
.name b{margin-left:auto;font-weight:500;color:var(--soft);font-variant-numeric:tabular-nums;font-size:.82rem}
.dot{flex:none;width:10px;height:10px;border-radius:50%;background:var(--c)}
.plot{position:relative;height:40px;background:var(--track);border-radius:5px;overflow:hidden}
.plot svg{position:absolute;inset:0;width:100%;height:100%;display:block}
.fill{fill:var(--c);fill-opacity:.3}
.stroke{fill:none;stroke:var(--c);stroke-width:1.6;stroke-linejoin:round}
.lit{position:absolute;top:0;bottom:0;background:var(--c);opacity:.16}
.apex{position:absolute;top:4px;width:9px;height:9px;margin-left:-4.5px;border-radius:50%;background:var(--c);border:2px solid var(--card)}
.ribbon,.strip,.stack .unsure,.legend .unsure .dot{background:repeating-linear-gradient(-45deg,var(--hatch) 0 3px,var(--track) 3px 7px)}
.ribbon{height:34px;margin-bottom:5px}
.ribbon path,.strip path{fill:var(--c)}.ribbon path.bare,.strip path.bare{fill:var(--bare)}
.strip svg{position:absolute;inset:0;width:100%;height:100%;display:block}
.stack{display:flex;height:18px;border-radius:6px;overflow:hidden;gap:1.5px}.stack i{background:var(--c);min-width:1px}
.legend{display:flex;flex-wrap:wrap;gap:4px 20px;list-style:none;margin:10px 0 0;padding:0;font-size:.9rem}.legend li{display:flex;align-items:center;gap:7px}.legend b{font-weight:600;font-variant-numeric:tabular-nums}
.use{border-left:3px solid var(--warn);padding:2px 0 2px 12px;margin:0 0 18px;font-size:.92rem;color:var(--soft)}
.part{position:absolute;top:0;bottom:0;background:var(--c);border-right:1.5px solid var(--card);overflow:hidden}
.part em{position:absolute;inset:0;display:flex;align-items:center;padding:0 8px;overflow:hidden;font-style:normal;font-size:.8rem;font-weight:600;color:var(--on);white-space:nowrap}
.part.unsure{background:repeating-linear-gradient(-45deg,var(--hatch) 0 5px,transparent 5px 10px)}
.unsure em{color:var(--ink);font-weight:500}
.unsure em{text-shadow:0 0 4px var(--track),0 0 4px var(--track)}
.energy{--c:var(--soft);margin-top:14px}.energy .plot{height:30px}
.axis .plot{background:none;height:22px;overflow:visible}
.axis span{position:absolute;top:0;padding-left:5px;border-left:1px solid var(--line);font-size:.76rem;line-height:20px;color:var(--soft);font-variant-numeric:tabular-nums;white-space:nowrap}
.film{display:flex;gap:8px;margin:0 0 14px 174px;overflow:hidden}
.film figure{margin:0;flex:1 1 0;min-width:0;max-width:112px}
.film img{display:block;width:100%;height:auto;border-radius:7px}
.film figcaption{font-size:.74rem;color:var(--soft);padding-top:3px;font-variant-numeric:tabular-nums}
.cursor{position:absolute;inset:0 0 0 174px;pointer-events:none}
.cursor i{position:absolute;top:0;bottom:0;width:0;border-left:1.5px solid var(--ink);opacity:.65}
.scrub{display:grid;grid-template-columns:160px minmax(0,1fr);gap:14px;align-items:center;font-size:.88rem;margin-top:6px}
.scrub input{width:100%;margin:0;accent-color:var(--accent)}
.scrub output{grid-column:2;color:var(--soft);min-height:1.5em;font-variant-numeric:tabular-nums}
[hidden]{display:none!important}
.scrub output b{color:var(--ink)}
.key{color:var(--soft);font-size:.84rem;margin:14px 0 0;max-width:78ch}
.wide{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:.92rem;font-variant-numeric:tabular-nums}
th{font-weight:600;color:var(--soft);font-size:.8rem;text-align:right;padding:0 10px 8px;white-space:nowrap}
td{text-align:right;padding:7px 10px;border-top:1px solid var(--line);white-space:nowrap}
th:first-child,td:first-child{text-align:left;padding-left:0}th:last-child,td:last-child{padding-right:0}
td .dot{display:inline-block;margin-right:9px}
td .dot.none{background:repeating-linear-gradient(-45deg,var(--soft) 0 2px,transparent 2px 4px)}
.bar{display:inline-block;vertical-align:middle;width:84px;height:7px;border-radius:4px;background:var(--track);margin-left:10px;overflow:hidden}
.bar i{display:block;height:100%;background:var(--c,var(--soft));border-radius:4px}
.two{display:grid;grid-template-columns:1fr 1fr;gap:18px}
dl{display:grid;grid-template-columns:max-content 1fr;gap:6px 18px;margin:0;font-size:.92rem}
dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}
code{font:.86em ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
.small{font-size:.92rem}
footer{color:var(--soft);font-size:.84rem;padding-bottom:40px}
a{color:var(--accent)}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
section.video+section.video{margin-top:44px;border-top:1px solid var(--line);padding-top:12px}
@media(max-width:720px){
main,footer{padding:0 14px}header.top{padding:18px 14px 0}
.card{padding:16px 14px;border-radius:12px}
.two{grid-template-columns:1fr;gap:0}
.lane{grid-template-columns:1fr;gap:2px;margin-bottom:8px}
.plot{height:32px}.axis .name{display:none}.axis{margin-bottom:0}.axis .plot{height:20px}.odd{display:none}
.film{margin-left:0;gap:5px}.film figure:nth-child(even){display:none}
.cursor{left:0}.scrub{grid-template-columns:1fr;gap:4px}.scrub output{grid-column:1}
dl{grid-template-columns:1fr;gap:0}dd{margin-bottom:8px}
.ribbon em{display:none}
.onset,.offset{display:none}.bar{display:none}table{font-size:.86rem}th,td{padding-left:6px;padding-right:6px}
}
@media print{body{background:#fff}.scrub,.cursor{display:none}.card{break-inside:avoid}}
`;
