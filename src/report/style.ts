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

const hatch = 'repeating-linear-gradient(-45deg,var(--hatch) 0 3px,var(--track) 3px 7px)';

export const style = `
:root{color-scheme:light dark;--paper:#f6f5f2;--card:#fff;--ink:#1d2129;--soft:#5a6270;--line:#e1dfd9;--track:#f1f0ec;--hatch:#c3bfb4;--bare:#fbfaf8;--accent:#31527d;--warn:#8a4b00;--warnpaper:#fff4e0;--warnline:#f0d3a4}
@media screen and (prefers-color-scheme:dark){:root{--paper:#14171c;--card:#1c2027;--ink:#e9ebef;--soft:#a0a9b8;--line:#2f3641;--track:#262c36;--hatch:#566173;--bare:#1a1e25;--accent:#9dbde6;--warn:#ffca80;--warnpaper:#33291a;--warnline:#5c4623}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
main,footer,header.top{max-width:1160px;margin:0 auto;padding:0 24px}
header.top{padding-top:28px;color:var(--soft);font-size:.85rem;letter-spacing:.02em}
header.top b{color:var(--accent);font-weight:650}
nav[aria-label=Reports]{margin-top:10px;font-size:.92rem}nav a,.contents a{display:inline-block;min-height:24px}
h1,.t1{font-size:clamp(1.35rem,1.05rem + 1.5vw,1.9rem);line-height:1.2;margin:14px 0 6px;letter-spacing:-.015em;overflow-wrap:anywhere;font-weight:700}
h2,.t2{font-size:1.05rem;line-height:1.3;margin:0 0 14px;letter-spacing:-.005em;font-weight:650}
p{margin:0 0 10px}
.lead{font-size:1.08rem;max-width:72ch;margin-bottom:12px}
.facts{display:flex;flex-wrap:wrap;gap:6px 20px;margin:0 0 14px;padding:0;list-style:none;color:var(--soft);font-size:.88rem}
.facts b{color:var(--ink);font-weight:600}
.use{border-left:3px solid var(--warn);padding:2px 0 2px 12px;margin:0 0 18px;font-size:.92rem;color:var(--soft)}
.card{background:var(--card);border:1px solid var(--line);border-radius:14px;padding:22px 24px;margin:0 0 18px}
.notice{background:var(--warnpaper);border:1px solid var(--warnline);color:var(--warn);border-radius:10px;padding:10px 14px;margin:0 0 16px;font-size:.92rem;overflow-wrap:anywhere}
.contents{margin:0;padding-left:1.6em;overflow-wrap:anywhere}
.face>.t2{font-size:1.3rem;margin:30px 0 4px}
.share{margin:0 0 20px}
.stack{display:flex;height:18px;border-radius:6px;overflow:hidden;gap:1.5px}.stack i{background:var(--c);min-width:1px}
.legend{display:flex;flex-wrap:wrap;gap:4px 20px;list-style:none;margin:10px 0 0;padding:0;font-size:.9rem}.legend li{display:flex;align-items:center;gap:7px}.legend b{font-weight:600;font-variant-numeric:tabular-nums}
.ribbon,.strip,.stack .unsure,.unsure .dot{background:${hatch}}
.ribbon path,.strip path{fill:var(--c)}.plot path.bare,.strip path.bare{fill:var(--bare)}
.ribbon:not(.fine) path{stroke:var(--card);stroke-width:1px;vector-effect:non-scaling-stroke}
.strip svg{position:absolute;inset:0;width:100%;height:100%;display:block}
.plots{position:relative}
.lane{display:grid;grid-template-columns:160px minmax(0,1fr);gap:14px;align-items:center;margin-bottom:5px}
.name{display:flex;align-items:center;gap:8px;font-size:.9rem;min-width:0;white-space:nowrap}
.name b{margin-left:auto;font-weight:500;color:var(--soft);font-variant-numeric:tabular-nums;font-size:.82rem}
.read [data-c] .name b{color:var(--ink);font-weight:650}
.dot{flex:none;width:10px;height:10px;border-radius:50%;background:var(--c)}
.plot{position:relative;height:42px;background:var(--track);border-radius:5px;overflow:hidden}
.plot svg{position:absolute;inset:0;width:100%;height:100%;display:block}
.plot path{vector-effect:non-scaling-stroke}
.probable .plot::after{content:"";position:absolute;left:0;right:0;top:var(--threshold);border-top:1px dashed var(--soft);opacity:.45}
.band{fill:var(--c);fill-opacity:.2}.fill{fill:var(--c);fill-opacity:.24}
.stroke{fill:none;stroke:var(--c);stroke-width:1.7;stroke-linejoin:round}
.lit{fill:var(--c);fill-opacity:.15}
.rim,.apex{fill:none;stroke-linecap:round}.rim{stroke:var(--card);stroke-width:10px}.apex{stroke:var(--c);stroke-width:7px}
.plot.ribbon{height:36px;background:${hatch}}
.ribbon em{position:absolute;top:0;bottom:0;display:flex;align-items:center;padding:0 8px;font-style:normal;font-size:.8rem;font-weight:600;color:var(--on);white-space:nowrap;overflow:hidden}
.ribbon em.unsure{color:var(--ink);font-weight:500}.ribbon em.unsure span{background:var(--track);border-radius:4px;padding:0 5px}
.certainty{--c:var(--ink);margin-top:14px}.certainty .fill,.certainty .band{fill-opacity:0}.certainty .stroke{stroke-width:1.3}.certainty .plot{background:${hatch}}.cover{fill:var(--track)}
.energy{--c:var(--soft)}.energy .plot{height:32px}
.axis .plot{background:none;height:22px;overflow:visible}
.axis span{position:absolute;top:0;padding-left:5px;border-left:1px solid var(--line);font-size:.76rem;line-height:20px;color:var(--soft);font-variant-numeric:tabular-nums;white-space:nowrap}
.film{align-items:start;margin-bottom:0}.film .name{padding-top:6px}
.strip-of{display:grid;grid-template-columns:repeat(var(--n),minmax(0,1fr));gap:6px}
.film figure{margin:0 auto;width:100%;max-width:104px;text-align:center}
.film img{display:block;width:100%;height:auto;border-radius:7px}
.film figcaption{font-size:.74rem;line-height:1.5;color:var(--soft);font-variant-numeric:tabular-nums}
.leaders{display:block;width:100%;height:18px;margin-bottom:3px}.leaders path{fill:none;stroke:var(--soft);stroke-width:1;opacity:.55;vector-effect:non-scaling-stroke}
.cursor{position:absolute;inset:0 0 0 174px;pointer-events:none}
.cursor i{position:absolute;top:0;bottom:0;width:0;border-left:1.5px solid var(--ink);opacity:.65}
.scrub{display:grid;grid-template-columns:160px minmax(0,1fr);gap:2px 14px;align-items:center;font-size:.88rem;margin-top:6px}
.scrub input{width:100%;height:24px;margin:0;accent-color:var(--accent)}
.scrub output{grid-column:2;color:var(--soft);min-height:1.5em;font-variant-numeric:tabular-nums;white-space:pre-wrap}
[hidden]{display:none!important}
.scrub output b{color:var(--ink)}
.faces{list-style:none;margin:0;padding:0}.who{margin-bottom:12px}.who img{width:44px;height:auto;border-radius:7px}.who .name span{min-width:0}.who .name a{display:inline-block;min-height:24px}
.who small{display:block;color:var(--soft);font-size:.78rem;line-height:1.4}.plot.ribbon.fine{height:26px}
.row{margin-bottom:4px}.row .name{justify-content:flex-end;color:var(--soft);font-variant-numeric:tabular-nums;font-size:.8rem}
.key{color:var(--soft);font-size:.84rem;margin:14px 0 0;max-width:82ch}
.reading{list-style:none;padding:0;max-width:none;display:grid;grid-template-columns:repeat(auto-fill,minmax(330px,1fr));gap:8px 28px;line-height:1.45}
.reading li{display:grid;grid-template-columns:26px 1fr;gap:10px;align-items:start}.reading b{color:var(--ink);font-weight:600}
.reading i{display:block;position:relative;height:16px;margin-top:2px;border-radius:3px;background:var(--track)}
.k-curve::after{content:"";position:absolute;inset:7px 2px auto;border-top:2px solid var(--accent)}
.k-band::after{content:"";position:absolute;inset:4px 0;background:var(--accent);opacity:.28}
.reading .k-dashes{background:${hatch}}.k-dashes::after{content:"";position:absolute;inset:7px 0 auto;border-top:1px dashed var(--ink)}
.k-lit::before{content:"";position:absolute;inset:0;background:var(--accent);opacity:.2}.k-lit::after{content:"";position:absolute;left:9px;top:4px;width:8px;height:8px;border-radius:50%;background:var(--accent)}
.k-energy::after{content:"";position:absolute;inset:9px 0 0;background:var(--soft);opacity:.4;border-top:2px solid var(--soft)}
.wide{overflow-x:auto}
details{margin-top:14px}summary{cursor:pointer;font-size:.92rem;color:var(--accent);padding:2px 0;width:fit-content}details[open]>summary{margin-bottom:10px}
table{border-collapse:collapse;width:100%;font-size:.92rem;font-variant-numeric:tabular-nums}
th{font-weight:600;color:var(--soft);font-size:.8rem;text-align:right;padding:0 10px 8px;white-space:nowrap}
td,tbody th{text-align:right;padding:7px 10px;border-top:1px solid var(--line);white-space:nowrap}
tbody th{font-size:.92rem;font-weight:450;color:var(--ink)}
th:first-child,td:first-child{text-align:left;padding-left:0}th:last-child,td:last-child{padding-right:0}
tbody .dot{display:inline-block;margin-right:9px}
.bar{display:inline-block;vertical-align:middle;width:84px;height:7px;border-radius:4px;background:var(--track);margin-left:10px;overflow:hidden}
.bar i{display:block;height:100%;background:var(--c,var(--soft));border-radius:4px}
.two{display:grid;grid-template-columns:1fr 1fr;gap:18px}
dl{display:grid;grid-template-columns:max-content 1fr;gap:6px 18px;margin:0;font-size:.92rem}
dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}
code{font:.86em ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
.small{font-size:.92rem}
.not-for,.limits{overflow-wrap:anywhere}.limits{border-left:3px solid var(--warn);font-size:.94rem}.limits p{max-width:88ch}.limits p:last-child{margin:0}
footer{color:var(--soft);font-size:.84rem;padding-bottom:40px}
a{color:var(--accent)}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
section.video+section.video{margin-top:44px;border-top:1px solid var(--line);padding-top:12px}
@media(max-width:720px){
main,footer,header.top{padding-left:14px;padding-right:14px}header.top{padding-top:18px}
.card{padding:16px 14px;border-radius:12px}
.two{grid-template-columns:1fr;gap:0}
.lane{grid-template-columns:1fr;gap:2px;margin-bottom:8px}
.plot{height:36px}.axis .name,.film>.name{display:none}.axis{margin-bottom:0}.axis .plot{height:20px}.odd{display:none}
.leaders{display:none}.strip-of{grid-template-columns:repeat(5,minmax(0,1fr));gap:6px 5px;margin-bottom:12px}
.cursor{left:0}.scrub{grid-template-columns:1fr;gap:4px}.scrub output{grid-column:1}
.row{grid-template-columns:44px minmax(0,1fr);gap:8px;margin-bottom:4px}
.reading{grid-template-columns:1fr}
dl{grid-template-columns:1fr;gap:0}dd{margin-bottom:8px}
.ribbon em{display:none}
.bar{display:none}table{font-size:.86rem}th,td,tbody th{padding-left:7px;padding-right:7px}
}
@media(forced-colors:active){.plot,.stack,.strip,.dot,.bar,.reading i{forced-color-adjust:none}}
@media print{
@page{margin:14mm}
body{background:#fff;font-size:11pt}*{print-color-adjust:exact;-webkit-print-color-adjust:exact}
main,footer,header.top{max-width:none;padding:0}.card{padding:12px 0;border-width:1px 0 0;border-radius:0}
.scrub,.cursor,nav{display:none}.chart,.lane,tr,.limits{break-inside:avoid}h1,h2,h3,.t2{break-after:avoid}thead{display:table-header-group}
.lane{grid-template-columns:130px minmax(0,1fr)}.wide{overflow:visible}
}
`;
