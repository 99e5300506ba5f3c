/** The parts of the page that are the same for every survey. They hold no text of a host. */
export const pageStyle = `
:root { color-scheme: light dark; --ground: #fbfaf8; --ink: #1d2329; --faint: #66707a; --rule: #dcdfe2; --card: #ffffff; --good: #2e7d51; --caution: #a86400; --bad: #b3261e; --bar: #dfe5ea; --accent: #1f5f99; }
@media (prefers-color-scheme: dark) { :root { --ground: #14181c; --ink: #e4e7ea; --faint: #98a2ab; --rule: #2c333a; --card: #1b2127; --good: #62c08c; --caution: #e3a54a; --bad: #f28b82; --bar: #303840; --accent: #7ab5ea; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 96rem; padding: 1.5rem; background: var(--ground); color: var(--ink); font: 15px/1.45 system-ui, sans-serif; }
h1 { font-size: 1.5rem; margin: 0; } h2 { font-size: 1.1rem; margin: 2rem 0 .6rem; }
.faint { color: var(--faint); }
.cards { display: flex; flex-wrap: wrap; gap: .75rem; margin: 1.25rem 0; padding: 0; list-style: none; }
.cards li { background: var(--card); border: 1px solid var(--rule); border-radius: .5rem; padding: .6rem 1rem; min-width: 9rem; }
.cards b { display: block; font-size: 1.4rem; font-variant-numeric: tabular-nums; }
.good { color: var(--good); } .caution { color: var(--caution); } .bad { color: var(--bad); }
.tools { display: flex; flex-wrap: wrap; gap: .75rem; align-items: center; margin-bottom: .6rem; }
input[type=search] { font: inherit; padding: .35rem .6rem; border: 1px solid var(--rule); border-radius: .4rem; background: var(--card); color: inherit; min-width: 18rem; }
.scroll { overflow-x: auto; border: 1px solid var(--rule); border-radius: .5rem; background: var(--card); }
table { border-collapse: collapse; width: 100%; font-size: .92rem; }
th, td { text-align: left; padding: .4rem .6rem; border-bottom: 1px solid var(--rule); vertical-align: top; }
tbody tr:last-child td { border-bottom: 0; }
thead th { vertical-align: bottom; line-height: 1.2; border-bottom: 2px solid var(--rule); background: var(--card); }
td.number { white-space: nowrap; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
td.word { white-space: nowrap; }
td.name { min-width: 7rem; max-width: 16rem; overflow-wrap: anywhere; }
td.forecast { white-space: normal; min-width: 7rem; }
td.notes { min-width: 16rem; width: 40%; overflow-wrap: anywhere; }
th button { all: unset; cursor: pointer; font-weight: 600; } th button:hover { color: var(--accent); } th button:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
th[aria-sort=ascending] button::after { content: " ▲"; font-size: .7em; } th[aria-sort=descending] button::after { content: " ▼"; font-size: .7em; }
meter-bar { display: block; width: 5rem; height: .35rem; border-radius: .2rem; background: var(--bar); margin: .2rem 0 0 auto; overflow: hidden; }
meter-bar i { display: block; height: 100%; background: var(--good); } meter-bar.caution i { background: var(--caution); } meter-bar.bad i { background: var(--bad); }
code { display: block; margin-top: .3rem; padding: .25rem .5rem; border-radius: .3rem; background: var(--ground); border: 1px solid var(--rule); font: .82rem/1.4 ui-monospace, monospace; white-space: pre-wrap; user-select: all; }
ul.notes { margin: 0; padding-left: 1rem; } ul.notes:empty { display: none; }
details { margin-top: 1rem; } summary { cursor: pointer; }
@media print { .tools { display: none; } .scroll { overflow: visible; } }
`;

/** Sorting by a column, and a filter over the text of the rows. Values to sort by stand in `data-v`. */
export const pageScript = `
for (const table of document.querySelectorAll('table.sortable')) {
  const body = table.tBodies[0];
  for (const button of table.querySelectorAll('th button')) button.addEventListener('click', () => {
    const head = button.closest('th'), column = head.cellIndex, up = head.getAttribute('aria-sort') === 'descending';
    for (const other of table.querySelectorAll('th')) other.removeAttribute('aria-sort');
    head.setAttribute('aria-sort', up ? 'ascending' : 'descending');
    const key = (row) => row.cells[column].dataset.v ?? row.cells[column].textContent;
    const numeric = head.classList.contains('number');
    const rows = [...body.rows].map((row) => ({ row, value: key(row) }));
    rows.sort((a, b) => (a.value === '' || b.value === '') ? (a.value === '') - (b.value === '') : (up ? 1 : -1) * (numeric ? a.value - b.value : a.value.localeCompare(b.value, undefined, { numeric: true })));
    body.append(...rows.map(({ row }) => row));
  });
}
const filter = document.querySelector('#filter'), only = document.querySelector('#only'), shown = document.querySelector('#shown');
const rows = [...document.querySelectorAll('#figures tbody tr')];
const apply = () => {
  const wanted = filter.value.toLowerCase();
  let count = 0;
  for (const row of rows) {
    row.hidden = (only.checked && !row.classList.contains('wants')) || !row.textContent.toLowerCase().includes(wanted);
    if (!row.hidden) count += 1;
  }
  shown.textContent = count + ' of ' + rows.length + ' shown';
};
filter.addEventListener('input', apply);
only.addEventListener('change', apply);
apply();
`;
