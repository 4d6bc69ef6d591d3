// What a page can do beyond links and forms: keys to move through a waterfall, folding, and a list that follows a choice.

const rows = [...document.querySelectorAll('.row')];
const depthOf = (row) => Number(row.dataset.depth);

/** The rows beneath one. */
function beneath(row) {
  const from = rows.indexOf(row) + 1;
  const end = rows.findIndex((other, i) => i >= from && depthOf(other) <= depthOf(row));
  return rows.slice(from, end === -1 ? rows.length : end);
}

function fold(row, folded) {
  const button = row.querySelector('.fold');
  if (button === null) return;
  button.setAttribute('aria-expanded', String(!folded));
  show();
}

const isFolded = (row) => row.querySelector('.fold')?.getAttribute('aria-expanded') === 'false';

/** A row is hidden when one above it is folded. */
function show() {
  for (const row of rows) row.hidden = false;
  for (const row of rows) if (isFolded(row)) for (const below of beneath(row)) below.hidden = true;
}

function moveTo(row) {
  row?.querySelector('summary').focus();
  row?.scrollIntoView({ block: 'nearest' });
}

function move(from, step) {
  for (let i = rows.indexOf(from) + step; i >= 0 && i < rows.length; i += step) {
    if (!rows[i].hidden) return moveTo(rows[i]);
  }
}

function parentOf(row) {
  return rows.slice(0, rows.indexOf(row)).findLast((other) => depthOf(other) < depthOf(row));
}

function nextError(from) {
  const after = rows.indexOf(from) + 1;
  const bad = [...rows.slice(after), ...rows.slice(0, after)].find((row) => row.classList.contains('bad'));
  if (bad !== undefined) reveal(bad);
}

function reveal(row) {
  for (let above = parentOf(row); above !== undefined; above = parentOf(above)) fold(above, false);
  moveTo(row);
}

const KEYS = {
  ArrowDown: (row) => (row === undefined ? moveTo(rows[0]) : move(row, 1)),
  j: (row) => (row === undefined ? moveTo(rows[0]) : move(row, 1)),
  ArrowUp: (row) => move(row, -1),
  k: (row) => move(row, -1),
  ArrowLeft: (row) =>
    isFolded(row) || row.querySelector('.fold') === null ? moveTo(parentOf(row)) : fold(row, true),
  ArrowRight: (row) => (isFolded(row) ? fold(row, false) : move(row, 1)),
  e: nextError,
};

document.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || rows.length === 0) return;
  if (event.target.closest('input, select, textarea')) return;
  const row = event.target.closest('summary')?.parentElement ?? undefined;
  const act = KEYS[event.key];
  if (act === undefined || (row === undefined && !['ArrowDown', 'j', 'e'].includes(event.key))) return;
  event.preventDefault();
  act(row);
});

for (const button of document.querySelectorAll('.fold')) {
  button.addEventListener('click', (event) => {
    event.preventDefault();
    const row = button.closest('.row');
    fold(row, !isFolded(row));
  });
}

/** A link to a span opens it. */
function openLinked() {
  const row = rows.find((one) => `#${one.id}` === location.hash);
  if (row === undefined) return;
  row.open = true;
  reveal(row);
}
addEventListener('hashchange', openLinked);
openLinked();

for (const choice of document.querySelectorAll('[data-submits]')) {
  choice.addEventListener('change', () => {
    const operation = choice.form.elements.operation;
    if (operation) operation.value = '';
    choice.form.requestSubmit();
  });
}

// Links to searches stay short: what was not filled in is not sent.
for (const form of document.querySelectorAll('form.question')) {
  form.addEventListener('formdata', ({ formData }) => {
    for (const [name, value] of [...formData]) if (value === '') formData.delete(name);
  });
}

// Times as this browser's clock has them; the page itself has them in UTC.
for (const time of document.querySelectorAll('time[datetime]')) {
  const date = new Date(time.dateTime);
  if (!Number.isNaN(date.getTime())) time.title = `${date.toLocaleString()} here, ${time.title}`;
}
