/** Style sheet of a report; colours are those of the figures. */
export const REPORT_CSS = `
.report{box-sizing:border-box;margin:0 auto;padding:16px;max-width:1320px;background:var(--paper,#fff);color:var(--ink,#1a1f27);
font:14px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif;font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
html:has(>.report){background:var(--paper,#fff)}
.report h1{font-size:20px;margin:0 0 4px}
.report h2{font-size:15px;margin:0 0 8px}
.report main{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(600px,100%),1fr));gap:0 40px}
.report section{margin:28px 0 0;min-width:0}
.report .all{grid-column:1/-1}
.report p{margin:0 0 4px;max-width:80ch}
.report header p:first-of-type,.report .note,.report footer,.report small{color:var(--dim,#5d6673)}
.report .note,.report small,.report footer{font-size:12.5px}
.report .problem,.report .failed{color:var(--failed,#c02a38)}
.report footer{margin-top:32px;padding-top:8px;border-top:1px solid var(--grid,#e1e4e9)}
.report footer p{max-width:none}
.report svg{display:block;max-width:100%;height:auto;margin:0 0 4px}
.report .flow{display:flex;flex-wrap:wrap;gap:16px 32px;align-items:flex-start}
.report .flow>div{max-width:min(340px,100%)}
.report table{border-collapse:collapse;margin:8px 0}
.report th,.report td{padding:3px 14px 3px 0;text-align:left;vertical-align:top;border-bottom:1px solid var(--grid,#e1e4e9)}
.report th{color:var(--dim,#5d6673);font-weight:600}
.report .number{text-align:right;white-space:nowrap}
.report .glyph svg{max-width:none;margin:0}
.report .few{color:var(--dim,#5d6673)}
.report .best td:first-child,.report .best th:first-child{padding-left:11px}
.report .best .tie td:first-child{padding-left:8px;border-left:3px solid var(--mark,#1668b5)}
.report .matrix td,.report .matrix th[scope=row]{max-width:260px;min-width:120px;font-weight:400;color:inherit}
.report code{font-size:12.5px;white-space:pre-wrap}
.report details{margin:6px 0 0;font-size:12.5px}
.report summary{color:var(--dim,#5d6673);cursor:pointer}
.report .scroll{max-width:100%;overflow:auto}
.report details .scroll{max-height:420px}
.report .best td,.report .best th{overflow-wrap:break-word}
@media screen and (max-width:720px){.report .wide{display:none}.report .narrow{display:block}.report .scroll>svg{max-width:none}}
@media print{.report{max-width:none;padding:0}.report footer{break-inside:avoid}.report h2{break-after:avoid}.report details{display:none}.report section{break-inside:avoid}.report main{display:block}.report .scroll{max-height:none;overflow:visible}}
`;
