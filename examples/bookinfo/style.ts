/** The pages' style sheet; sent inside each page. */
export const STYLE = `
:root { --ink: #1c2333; --muted: #667085; --line: #e4e7ec; --brand: #4338ca; --paper: #fff; }
* { box-sizing: border-box; }
body { margin: 0; font: 16px/1.55 system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; color: var(--ink); background: #f6f7fb; }
header { display: flex; justify-content: space-between; align-items: center; padding: 14px 32px; background: var(--paper); border-bottom: 1px solid var(--line); }
.brand { font-weight: 700; color: var(--ink); text-decoration: none; } .brand small { font-weight: 400; color: var(--muted); }
.user { margin-right: 8px; font-weight: 600; }
.button { display: inline-block; padding: 7px 16px; border: 0; border-radius: 8px; background: var(--brand); color: #fff; font: inherit; text-decoration: none; cursor: pointer; }
.button.quiet { background: #eef; color: var(--brand); }
.hero { background: linear-gradient(120deg, #312e81, #4338ca 60%, #6d5ae6); color: #fff; padding: 44px 0; }
.hero div { max-width: 1000px; margin: 0 auto; padding: 0 32px; } .hero h1 { margin: 0 0 8px; font-size: 34px; } .hero p { margin: 0; max-width: 70ch; color: #e0e0ff; } .hero a { color: #fff; }
.columns { display: grid; grid-template-columns: minmax(240px, 2fr) 3fr; gap: 24px; max-width: 1000px; margin: 28px auto; padding: 0 32px; }
.columns section, .narrow { background: var(--paper); border: 1px solid var(--line); border-radius: 14px; padding: 22px 26px; }
.narrow { max-width: 440px; margin: 48px auto; } .narrow h1 { margin: 0 0 14px; font-size: 26px; }
h2 { margin: 0 0 14px; font-size: 18px; }
dl { display: grid; grid-template-columns: auto 1fr; gap: 6px 18px; margin: 0; } dt { color: var(--muted); } dd { margin: 0; }
blockquote { margin: 0 0 14px; padding: 4px 0 4px 18px; border-left: 3px solid var(--line); } blockquote p { margin: 0; } blockquote footer { color: var(--muted); font-size: 14px; }
.stars { font-size: 22px; letter-spacing: 3px; line-height: 1.3; } .stars.red { color: #d92d20; } .stars.black { color: #111; } .stars .empty { color: #d5d9e2; }
.unrated { color: #b54708; font-style: italic; }
.served { margin: 18px 0 0; padding-top: 12px; border-top: 1px solid var(--line); color: var(--muted); font-size: 14px; } code { color: var(--ink); }
.error { padding: 14px 18px; border-radius: 10px; background: #fef3f2; border: 1px solid #fecdca; color: #912018; } .error p { margin: 4px 0 0; }
form { display: grid; gap: 14px; } label { display: grid; gap: 4px; font-weight: 600; } input { padding: 8px 10px; border: 1px solid var(--line); border-radius: 8px; font: inherit; } .hint { margin: 0; color: var(--muted); font-size: 14px; }
@media (max-width: 760px) { .columns { grid-template-columns: 1fr; } }
`;
