"""Looks and behaviour of the pages: plain CSS and a few lines of JavaScript."""

STYLE = """
:root{--bg:#fff;--ink:#1b1f24;--soft:#57606a;--line:#d0d7de;--card:#f6f8fa;
--ok:#116329;--look:#7d4e00;--bad:#a40e26;--okb:#dafbe1;--lookb:#fff8c5;--badb:#ffebe9;
--c1:#0072b2;--c2:#c05600;--c3:#00795a;--c4:#a3457c;--c5:#6a51a3;--c6:#8a6d00;--mark:#d1242f}
@media(prefers-color-scheme:dark){:root{--bg:#0d1117;--ink:#e6edf3;--soft:#9ea7b3;--line:#3d444d;
--card:#161b22;--ok:#7ee787;--look:#f2cc60;--bad:#ffa198;--okb:#12261e;--lookb:#2e2a1f;
--badb:#3a1a1d;--c1:#58a6ff;--c2:#ff9e64;--c3:#3fd1a0;--c4:#f48fc4;--c5:#b9a6ff;--c6:#e3c64d;
--mark:#ff7b72}}
*{box-sizing:border-box}body{margin:0;background:var(--bg);color:var(--ink);
font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{max-width:1100px;margin:0 auto;padding:1rem}
h1{font-size:1.7rem;line-height:1.2;margin:.4rem 0}h2{font-size:1.25rem;margin:2.2rem 0 .4rem;
border-bottom:1px solid var(--line);padding-bottom:.2rem}h3{font-size:1.05rem;margin:1.2rem 0 .3rem}
.under,.note,figcaption,.card span{color:var(--soft)}.under,.note{margin:.2rem 0 .6rem;
overflow-wrap:anywhere}
.verdict{border-left:6px solid;padding:.7rem 1rem;border-radius:6px;font-size:1.1rem}
.verdict.ok{background:var(--okb);border-color:var(--ok)}
.verdict.look{background:var(--lookb);border-color:var(--look)}
.verdict.bad{background:var(--badb);border-color:var(--bad)}
.badge{display:inline-block;padding:0 .5em;border-radius:1em;font-weight:600;font-size:.85em;
border:1px solid;white-space:nowrap}
.badge.ok{color:var(--ok)}.badge.look{color:var(--look)}.badge.bad{color:var(--bad)}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(8.5rem,1fr));gap:.6rem}
.card{background:var(--card);border:1px solid var(--line);border-radius:6px;padding:.5rem .8rem}
.card b{display:block;font-size:1.3rem}.card span{font-size:.85rem}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,320px),1fr));gap:1rem}
figure{margin:0;min-width:0}figcaption{font-size:.85rem}svg{width:100%;height:auto;display:block}
svg text{fill:var(--ink);font:11px system-ui,sans-serif}svg .soft{fill:var(--soft)}
svg .axis{stroke:var(--line);stroke-width:1;fill:none}
.wide{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:.92rem}
th,td{text-align:left;padding:.3rem .6rem;border-bottom:1px solid var(--line);vertical-align:top}
th{background:var(--card)}td.n{text-align:right;
font-variant-numeric:tabular-nums;white-space:nowrap}
.tools th{cursor:pointer}.tools th[aria-sort]::after{content:" ▾"}
.tools th[aria-sort=ascending]::after{content:" ▴"}.tools{content-visibility:auto}
.filter{display:flex;flex-wrap:wrap;gap:.6rem;margin:.6rem 0;align-items:center}
input,button{font:inherit;color:inherit;background:var(--card);border:1px solid var(--line);
border-radius:6px;padding:.25rem .6rem}button[aria-pressed=true]{border-color:var(--ink);
font-weight:600}
:focus-visible{outline:3px solid var(--c1);outline-offset:1px}
details{border:1px solid var(--line);border-radius:6px;padding:.4rem .8rem;margin:.6rem 0}
summary{cursor:pointer;font-weight:600}ul{padding-left:1.2rem;margin:.4rem 0}
.key{display:inline-flex;flex-wrap:wrap;gap:.2rem 1rem;font-size:.85rem;color:var(--soft)}
.strip{display:flex;flex-wrap:wrap;gap:2px}.strip i{width:11px;height:18px;border-radius:2px;
background:var(--okb);border:1px solid var(--ok)}.strip i.look{background:var(--lookb);
border-color:var(--look);height:24px;border-width:2px}.strip i.bad{background:var(--bad);
border-color:var(--bad);height:30px}
@media print{:root{--bg:#fff;--ink:#000;--soft:#444;--card:#fff}main{max-width:none;padding:0}
.filter{display:none}section,figure,tr{break-inside:avoid}body{font-size:11pt}}
"""

SCRIPT = """
document.querySelectorAll('.filter').forEach(bar=>{
const table=bar.nextElementSibling.querySelector('table'),body=table.tBodies[0],
rows=[...body.rows],text=bar.querySelector('input');let want='';
const show=()=>{const w=text.value.toLowerCase().trim();rows.forEach(r=>{r.hidden=
(want&&r.dataset.v!==want)||(w&&!r.textContent.toLowerCase().includes(w))})};
text.addEventListener('input',show);
bar.querySelectorAll('button').forEach(b=>{b.setAttribute('aria-pressed',b.dataset.v==='');
b.addEventListener('click',()=>{want=b.dataset.v;bar.querySelectorAll('button').forEach(o=>
o.setAttribute('aria-pressed',o===b));show()})});
table.querySelectorAll('th').forEach((th,i)=>{th.tabIndex=0;const sort=()=>{
const up=th.getAttribute('aria-sort')!=='ascending';
table.querySelectorAll('th').forEach(o=>o.removeAttribute('aria-sort'));
th.setAttribute('aria-sort',up?'ascending':'descending');
const key=r=>{const c=r.cells[i];return c.dataset.s!==undefined?+c.dataset.s:c.textContent};
rows.sort((a,b)=>{const x=key(a),y=key(b);return(x<y?-1:x>y?1:0)*(up?1:-1)});
body.append(...rows)};th.addEventListener('click',sort);
th.addEventListener('keydown',e=>{if(e.key==='Enter')sort()})})});
"""
