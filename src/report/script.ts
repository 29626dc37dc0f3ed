/**
 * The report's only script: a slider that reads the curves at one moment. Everything else works without it. It takes its
 * numbers from a JSON element beside it, and is let in by its hash in the page's content security policy.
 */
export const script = `
for (const chart of document.querySelectorAll('.chart')) {
  const { labels, duration, times, rows } = JSON.parse(chart.querySelector('script').textContent);
  const range = chart.querySelector('input[type=range]');
  const output = chart.querySelector('output');
  const cursor = chart.querySelector('.cursor');
  const lanes = [...chart.querySelectorAll('.lane[data-c]')].map((lane) => {
    const figure = lane.querySelector('.name b');
    return { c: Number(lane.dataset.c), figure, mean: figure.textContent };
  });
  if (times.length === 0) continue;
  const clock = (s) => Math.floor(s / 60) + ':' + (s % 60).toFixed(1).padStart(4, '0');
  const show = (time) => {
    let i = 0;
    while (i + 1 < times.length && Math.abs(times[i + 1] - time) <= Math.abs(times[i] - time)) i++;
    const best = labels.map((label, c) => [rows[i][c], label]).sort((a, b) => b[0] - a[0]).slice(0, 3);
    const words = best.map(([p, label]) => label + ' ' + p + '%').join(', ');
    output.replaceChildren(Object.assign(document.createElement('b'), { textContent: clock(time) }), '  ' + words);
    range.setAttribute('aria-valuetext', clock(time) + ': ' + words);
    for (const { c, figure } of lanes) figure.textContent = rows[i][c] + '%';
    chart.classList.add('read');
    cursor.hidden = false;
    cursor.firstElementChild.style.left = (100 * time) / duration + '%';
  };
  const means = () => {
    for (const { figure, mean } of lanes) figure.textContent = mean;
    chart.classList.remove('read');
    cursor.hidden = true;
    output.replaceChildren();
    range.removeAttribute('aria-valuetext');
  };
  chart.querySelector('.scrub').hidden = false;
  range.addEventListener('input', () => show(Number(range.value)));
  range.addEventListener('keydown', (event) => event.key === 'Escape' && means());
  const plots = chart.querySelector('.plots');
  plots.addEventListener('pointermove', (event) => {
    const box = plots.querySelector('.plot').getBoundingClientRect();
    const time = ((event.clientX - box.left) / box.width) * duration;
    if (!(time >= 0 && time <= duration)) return;
    range.value = String(time);
    show(time);
  });
  plots.addEventListener('pointerleave', (event) => event.pointerType === 'mouse' && means());
}
`;
