/** Style of the gateway's own pages: phone first, light and dark, contrast AA. */
export const STYLE = `
:root { color-scheme: light dark; --ink: #1a1d21; --paper: #fbfaf7; --soft: #f0ede6; --line: #8a8577; --accent: #0b5a4c;
  --on-accent: #fff; --bad: #9b1c1c; --quiet: #55524a }
@media (prefers-color-scheme: dark) { :root { --ink: #ece9e2; --paper: #16181b; --soft: #22262a; --line: #7d8288;
  --accent: #5cc9b1; --on-accent: #0c1b18; --bad: #ff9d94; --quiet: #b5b2aa } }
* { box-sizing: border-box }
body { margin: 0; font: 1rem/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper) }
header { display: flex; justify-content: space-between; gap: 1rem; padding: .75rem 1rem; border-bottom: 1px solid var(--line) }
header p { margin: 0; color: var(--quiet) }
nav a { margin-right: 1rem; font-weight: 600 }
main { max-width: 40rem; margin: 0 auto; padding: 1rem }
a { color: var(--accent) }
h1 { font-size: 1.6rem; line-height: 1.2; margin: .5rem 0 1rem }
h2 { font-size: 1.15rem; margin: 1.5rem 0 .5rem }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px }
dl, .box { background: var(--soft); border-radius: .5rem; padding: .5rem 1rem; margin: 0 0 1rem }
dl div { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0 1rem; padding: .35rem 0; border-bottom: 1px solid color-mix(in srgb, var(--line) 40%, transparent) }
dl div:last-child { border: 0 }
dt { color: var(--quiet) }
dd { margin: 0; font-variant-numeric: tabular-nums; overflow-wrap: anywhere }
label { display: block; font-weight: 600; margin: .75rem 0 .2rem }
input { font: inherit; width: 100%; padding: .6rem .7rem; border: 1px solid var(--line); border-radius: .4rem; color: inherit; background: var(--paper) }
input[aria-invalid] { border: 2px solid var(--bad) }
.pair { display: grid; grid-template-columns: 1fr 1fr; gap: 0 1rem }
.hint { color: var(--quiet); margin: .2rem 0 0; font-size: .9rem }
.wrong { color: var(--bad); margin: .2rem 0 0; font-weight: 600 }
button { font: inherit; font-weight: 700; margin-top: 1.25rem; padding: .75rem 1.25rem; border: 0; border-radius: .5rem;
  color: var(--on-accent); background: var(--accent); cursor: pointer; width: 100% }
button.plain { color: var(--ink); background: none; border: 1px solid var(--line) }
.telephone { border-left: .35rem solid var(--accent) }
ol.steps { list-style: none; padding: 0; margin: 0 0 1rem }
ol.steps li { display: flex; justify-content: space-between; padding: .55rem .75rem; border-left: .35rem solid var(--line); color: var(--quiet) }
ol.steps li[data-done] { border-color: var(--accent); color: var(--ink); font-weight: 600 }
.bad { color: var(--bad) }
@media (min-width: 40rem) { button { width: auto } main { padding: 2rem 1rem } }
`

/** A key, as the shop's. */
export const ICON =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><title>Keyline</title><g fill="none" stroke="#0f8b8d" stroke-width="5"><circle cx="11" cy="16" r="7.5"/><path d="M18.5 16H30M25.5 16v6"/></g></svg>'
