// What can be measured of a page: one list of findings for each question, empty when all is well.
() => {
  const all = selector => [...document.querySelectorAll(selector)].filter(e => e.checkVisibility());
  const words = e => e.textContent.trim().slice(0, 12) || e.id;
  const speaks = e => [...e.childNodes].some(node => node.nodeType === Node.TEXT_NODE && node.textContent.trim());
  const style = e => getComputedStyle(e);

  const targets = all("a, button, summary, input:not([type=hidden]), .opt, .segments label")
    .filter(e => (!e.closest(".opt") || e.matches(".opt")) && !e.matches(".sr, .skip") && style(e).display !== "inline")
    .map(e => [words(e), e.getBoundingClientRect()])
    .filter(([, box]) => box.width && (box.height < 44 || box.width < 44))
    .map(([name, box]) => `${name} ${box.width}x${box.height}`);

  const named = e => {
    const by = (e.getAttribute("aria-labelledby") || "").split(" ").filter(Boolean).map(id => document.getElementById(id));
    if (by.includes(null)) return false;
    const own = e.matches("a, button") ? e.textContent : "";
    const label = e.labels ? [...e.labels].map(l => l.textContent).join("") : "";
    return Boolean((by.map(n => n.textContent).join("") || e.getAttribute("aria-label") || label || own).trim());
  };
  const unnamed = all("a, button, input:not([type=hidden]), select, textarea, dialog[open], nav, aside, section[aria-labelledby]")
    .filter(e => !e.closest("[aria-hidden=true]") && !named(e)).map(e => e.outerHTML.slice(0, 80));

  const structure = [];
  const ids = [...document.querySelectorAll("[id]")].map(e => e.id);
  if (document.documentElement.lang !== "zh-CN") structure.push("lang");
  if (!document.title.trim()) structure.push("title");
  if (document.querySelectorAll("main").length !== 1) structure.push("main");
  ids.filter((id, n) => ids.indexOf(id) !== n).forEach(id => structure.push("twice #" + id));
  all("[aria-describedby]").filter(e => !document.getElementById(e.getAttribute("aria-describedby"))).forEach(e => structure.push(words(e)));
  all("h1, h2, h3").reduce((above, e) => {
    const level = Number(e.tagName[1]);
    if (above && level > above + 1) structure.push("heading " + words(e));
    return level;
  }, 0);

  // WCAG 2.1, 1.4.3: contrast ratio from relative luminance.
  const colour = text => { const n = text.match(/[\d.]+/g).map(Number); return n.length < 4 ? [...n, 1] : n; };
  const linear = v => (v <= 0.03928 ? v / 12.92 : Math.pow((v + 0.055) / 1.055, 2.4));
  const luminance = ([r, g, b]) => 0.2126 * linear(r / 255) + 0.7152 * linear(g / 255) + 0.0722 * linear(b / 255);
  const over = (top, below) => below.map((v, n) => top[n] * top[3] + v * (1 - top[3]));
  const ground = e => (e ? over(colour(style(e).backgroundColor), ground(e.parentElement)) : [255, 255, 255]);
  const ratio = e => {
    const [dark, light] = [luminance(ground(e)), luminance(over(colour(style(e).color), ground(e)))].sort((a, b) => a - b);
    return (light + 0.05) / (dark + 0.05);
  };
  const texts = all("body *").filter(speaks);

  return {
    overflow: document.documentElement.scrollWidth > document.documentElement.clientWidth ? ["wider than the screen"] : [],
    "targets under 44 px": targets,
    "text under 14 px": texts.filter(e => parseFloat(style(e).fontSize) < 14).map(words),
    "contrast under 4.5": texts.filter(e => !e.closest(":disabled, .sr, .skip") && ratio(e) < 4.5).map(e => `${words(e)} ${ratio(e).toFixed(1)}`),
    unnamed,
    structure,
  };
}
