/**
 * The report's only script: a slider that reads the curves at one moment. Everything else works without it. It takes its
 * numbers from a JSON element beside it, and is let in by its hash in the page's content security policy.
 */
export const script = `
for (const section of document.querySelectorAll('div.face')) {
  const source = section.querySelector('script[type="application/json"]');
  const range = section.querySelector('input[type=range]');
  if (!source || !range) continue;
  const { labels, duration, times, rows } = JSON.parse(source.textContent);
  const output = section.querySelector('output');
  const cursor = section.querySelector('.cursor');
  const clock = (s) => Math.floor(s / 60) + ':' + (s % 60).toFixed(1).padStart(4, '0');
  const show = (time) => {
    let i = 0;
    while (i + 1 < times.length && Math.abs(times[i + 1] - time) <= Math.abs(times[i] - time)) i++;
    const best = labels.map((label, c) => [rows[i][c], label]).sort((a, b) => b[0] - a[0]).slice(0, 3);
    const words = best.map(([p, label]) => label + ' ' + Math.round(p / 10) + '%').join(', ');
    output.replaceChildren(Object.assign(document.createElement('b'), { textContent: clock(time) }), '  ' + words);
    range.setAttribute('aria-valuetext', clock(time) + ': ' + words);
    cursor.hidden = false;
    cursor.firstElementChild.style.left = (100 * time) / duration + '%';
  };
  section.querySelector('.scrub').hidden = false;
  range.addEventListener('input', () => show(Number(range.value)));
  const chart = section.querySelector('.chart');
  chart.addEventListener('pointermove', (event) => {
    const box = cursor.getBoundingClientRect();
    const time = ((event.clientX - box.left) / box.width) * duration;
    if (event.target.closest('.scrub') || !(time >= 0 && time <= duration)) return;
    range.value = String(time);
    show(time);
  });
}
`;
