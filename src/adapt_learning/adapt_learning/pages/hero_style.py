"""Looks of the feedback page, and the little that has to run in the browser."""

CSS = """
:root { --good: #2e7d32; --best: #b26a00; --line: #c9ced6; }
body { background: #f4f5f7; }
.hero-grid { display: grid; gap: 8px; padding: 8px;
  grid-template-columns: repeat(auto-fill, minmax(var(--cell, 96px), 1fr)); }
.hero-cell { position: relative; cursor: pointer; border-radius: 6px; line-height: 0;
  border: 4px solid var(--line); background: #fff; user-select: none; }
.hero-cell img, .hero-still { width: 100%; aspect-ratio: 1; object-fit: contain;
  image-rendering: pixelated; border-radius: 2px; }
.hero-cell.good { border-color: var(--good); }
.hero-cell.best { border-color: var(--best); }
.hero-cell.here { outline: 3px solid #1565c0; outline-offset: 1px; }
.hero-cell .mark { position: absolute; top: 3px; right: 3px; min-width: 22px; height: 22px;
  border-radius: 11px; color: #fff; font: bold 15px/22px sans-serif; text-align: center;
  display: none; }
.hero-cell.good .mark { display: block; background: var(--good); }
.hero-cell.best .mark { background: var(--best); }
.hero-cell.good .mark::after { content: '\\2713'; }
.hero-cell.best .mark::after { content: '\\2605'; }
.hero-cell .number { position: absolute; left: 3px; bottom: 3px; color: #fff; padding: 0 4px;
  font: 11px/15px sans-serif; background: rgba(0, 0, 0, .45); border-radius: 3px; }
.hero-cell .lens { position: absolute; right: 3px; bottom: 3px; color: #fff; font-size: 18px;
  padding: 2px; background: rgba(0, 0, 0, .45); border-radius: 3px; cursor: zoom-in; }
.hero-side { width: 320px; flex: none; }
.hero-large { width: min(70vh, 80vw); image-rendering: pixelated; }
kbd { background: #eceff1; border: 1px solid #b0bec5; border-radius: 4px; padding: 0 6px;
  font: 13px monospace; }
@media (max-width: 900px) { .hero-columns { flex-wrap: wrap; } .hero-side { width: 100%; } }
"""

SCRIPT = """<script>
document.addEventListener('keydown', e => {
  const typing = ['INPUT', 'TEXTAREA', 'SELECT'].includes(e.target.tagName);
  if (!typing && [' ', 'ArrowUp', 'ArrowDown', 'Enter'].includes(e.key)) e.preventDefault();
});
// A button that keeps the focus would be pressed again by the keys of the pictures.
document.addEventListener('click', () => setTimeout(() => {
  const at = document.activeElement;
  if (at && at.tagName === 'BUTTON') at.blur();
}));
function heroWatch() {
  const tell = () => {
    const grid = document.querySelector('.hero-grid');
    if (grid) emitEvent('hero_columns', getComputedStyle(grid).gridTemplateColumns
      .split(' ').length);
  };
  window.onresize = tell;
  setTimeout(tell, 50);
}
function heroShow(place) {
  document.querySelectorAll('.hero-cell')[place]?.scrollIntoView({block: 'nearest'});
}
</script>"""

KEYS = (
    ('arrows', 'to the next picture'),
    ('Space or G', 'good, once more: bad'),
    ('B', 'the best one (it is good then, too)'),
    ('U', 'undo'),
    ('Z', 'large; arrows, G and B work there too'),
    ('Enter', 'hand in the round; try again where the work stopped'),
    ('P', 'pause, and go on'),
    ('H or ?', 'this help'),
)
