/* The exam player, third part: what is seen and said. The item, the state line, the map of numbers, dialogs. */
"use strict";

const NOTICE_MS = 6000;

const $ = id => document.getElementById(id);

function h(tag, properties) {
  const node = document.createElement(tag);
  Object.keys(properties || {}).forEach(name => {
    const value = properties[name];
    if (name === "text") node.textContent = value;
    else if (name === "onclick") node.addEventListener("click", value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) node.setAttribute(name, value);
  });
  for (let i = 2; i < arguments.length; i++) {
    const child = arguments[i];
    if (child) node.appendChild(typeof child === "string" ? document.createTextNode(child) : child);
  }
  return node;
}

function button(text, look, act, more) {
  return h("button", Object.assign({ type: "button", class: look, text: String(text), onclick: act }, more));
}

function empty(node) { while (node.firstChild) node.removeChild(node.firstChild); return node; }

// ---- what is seen

let map = null;
let editor = null; // of the item on screen
let said = "";
let notice = "";

function say(text) { $("live").textContent = text; }
function alertAloud(text) { $("alert").textContent = text; }

/** A sentence in the state line for a while, where it is seen as well as heard. */
function notify(text) {
  notice = text;
  setTimeout(() => { if (notice === text) { notice = ""; paintSaveState(); } }, NOTICE_MS);
  paintSaveState();
}

function saveState() {
  const waiting = pending().length;
  const whereKept = store.isDurable() ? "答案已存在本机" : "答案暂存在本页，请不要关闭页面";
  if (trouble && trouble.status === 401) return ["signed-out", "登录已失效，请重新登录（答案不会丢）"];
  if (notice && !waiting) return ["notice", notice];
  if (!waiting) return Object.keys(answers).length ? ["saved", "已保存"] : ["idle", "答案会自动保存"];
  if (!trouble) return ["saving", "正在保存…"];
  if (trouble.isPassing()) return ["offline", "信号不好，" + whereKept + "，恢复后自动上传（" + waiting + " 题）"];
  return ["refused", (trouble.detail || "服务器没有收下答案") + "（" + waiting + " 题）"];
}

function paintSaveState() {
  const state = saveState();
  const line = $("save-state");
  if (line.dataset.state !== state[0]) line.dataset.state = state[0];
  if ($("save-text").textContent !== state[1]) $("save-text").textContent = state[1];
  $("save-link").hidden = state[0] !== "signed-out";
  // Spoken once per change of state, and never the flicker in between.
  if (state[0] !== "saving" && state[0] !== "idle" && said !== state[0] + pending().length) {
    if (said || state[0] !== "saved") say(state[1]);
    said = state[0] + pending().length;
  }
  if (state[0] === "saving") said = "saving";
}

function paint() {
  if (!attempt) return;
  const all = positions();
  const done = all.length - unanswered().length;
  $("where").textContent = place + " / " + all.length;
  $("answered").textContent = "已答 " + done;
  $("open-map").setAttribute("aria-label", "题号表：第 " + place + " 题，共 " + all.length + " 题，已答 " + done + " 题");
  $("progress").style.width = (100 * done / all.length) + "%";
  $("previous").disabled = locked || all.indexOf(place) === 0;
  const last = all.indexOf(place) === all.length - 1;
  $("next").textContent = last ? "检查交卷" : "下一题";
  $("next").disabled = locked;
  $("hand-in").disabled = locked;
  $("answers").disabled = locked;
  const flag = Boolean(flags[place]);
  $("flag").setAttribute("aria-pressed", String(flag));
  $("flag").lastChild.textContent = flag ? "已标记" : "标记";
  paintMap(done);
  paintSaveState();
}

function paintMap(done) {
  if (!map) return;
  map.counts.textContent = "已答 " + done + "　未答 " + unanswered().length + "　标记 " + flagged().length;
  map.cells.forEach(cell => {
    const position = Number(cell.dataset.position);
    const state = isAnswered(position) ? "已答" : isPartlyAnswered(position) ? "部分作答" : "未答";
    cell.classList.toggle("is-answered", state === "已答");
    cell.classList.toggle("is-partly", state === "部分作答");
    cell.classList.toggle("is-flagged", Boolean(flags[position]));
    cell.classList.toggle("is-current", position === place);
    cell.setAttribute("aria-label", "第 " + position + " 题，" + state + (flags[position] ? "，已标记" : ""));
    if (position === place) cell.setAttribute("aria-current", "true"); else cell.removeAttribute("aria-current");
  });
}

function buildMap() {
  const grid = h("ol", { class: "cells" });
  const cells = positions().map(position => {
    const cell = button(position, "cell", () => { closeDialog($("sheet")); go(position, true); }, { "data-position": position });
    grid.appendChild(h("li", {}, cell));
    return cell;
  });
  const counts = h("p", { class: "counts" });
  const key = (look, name) => h("span", {}, h("i", { class: "cell " + look }), name);
  const legend = h("p", { class: "legend", "aria-hidden": "true" },
    key("is-answered", "已答"), attempt.items.every(isChoice) ? null : key("is-partly", "部分作答"), key("", "未答"),
    key("is-flagged", "标记"), key("is-current", "当前"));
  const close = button("关闭", "btn btn-plain only-sheet", () => closeDialog($("sheet")));
  const finish = button("检查交卷", "btn btn-primary btn-wide", () => { closeDialog($("sheet")); askToHandIn(); });
  const head = h("div", { class: "map-head" }, h("h2", { text: "题号" }), close);
  map = { node: h("div", { class: "map" }, head, counts, grid, legend, finish), cells: cells, counts: counts };
  placeMap();
}

const wide = window.matchMedia("(min-width: 1000px)");
function placeMap() {
  if (!map) return;
  closeDialog($("sheet"));
  (wide.matches ? $("side") : $("sheet")).appendChild(map.node);
}

function paintItem() {
  const item = itemAt(place);
  const meta = empty($("meta"));
  meta.appendChild(h("b", { text: "第 " + place + " 题" }));
  meta.appendChild(h("span", { text: TYPE_LABELS[item.type] || "" }));
  meta.appendChild(h("span", { text: item.points + " 分" }));
  if (item.must_be_right) meta.appendChild(h("span", { class: "tag tag-must", text: "必须答对" }));
  const stem = $("stem");
  stem.textContent = spokenStem(item);
  stem.classList.toggle("sr", item.type === "blank"); // there the stem holds the fields
  put(empty($("pictures")), picturesAt(item, "stem"));
  $("how").textContent = HOW[item.type] || "";
  $("keys").hidden = !isChoice(item);
  const drawn = editorOf(item, "answer-" + item.position, how => { hear(item, drawn, how); });
  editor = drawn;
  empty($("options")).appendChild(editor.node);
  paintAnswer();
}

function paintAnswer() { editor.show(answerAt(place)); }

/** `from` is the editor that changed: a field speaks once more when its item leaves the screen. */
function hear(item, from, how) {
  const entries = from.read();
  if (!sameAnswer(entries, answerAt(item.position))) answer(item.position, entries, how);
  else if (how === "settled" && pending().length) saveIn(0);
  if (from === editor) paintAnswer(); // also puts the old answer back when the time was up
}

function go(position, byPerson) {
  if (!itemAt(position)) return;
  place = position;
  store.write(KEYS.place, place);
  try { history.replaceState(null, "", "#" + place); } catch (refused) { location.hash = String(place); }
  paintItem();
  paint();
  if (byPerson) {
    window.scrollTo(0, 0);
    $("stem").focus({ preventScroll: true }); // a screen reader reads the new item
  }
}

function step(by) {
  const all = positions();
  const next = all[all.indexOf(place) + by];
  if (next !== undefined) go(next, true);
  else if (by > 0) askToHandIn();
}

function toggleFlag() {
  if (locked) return;
  if (flags[place]) delete flags[place]; else flags[place] = true;
  store.write(KEYS.flags, flags);
  say(flags[place] ? "已标记" : "已取消标记");
  paint();
}

// ---- dialogs

function isOpen(dialog) { return dialog.hasAttribute("open"); }

function openDialog(dialog) {
  if (isOpen(dialog)) return;
  if (dialog.showModal) dialog.showModal(); else dialog.setAttribute("open", ""); // before Safari 15.4
}

function closeDialog(dialog) {
  if (!isOpen(dialog)) return;
  if (dialog.close) dialog.close(); else dialog.removeAttribute("open");
}

/** Show a question or a notice. `buttons` are [label, class, action]; without one of them that returns, it cannot be dismissed. */
function ask(title, parts, buttons, canReturn) {
  const dialog = empty($("dialog"));
  dialog.dataset.fixed = canReturn ? "" : "yes";
  dialog.dataset.asks = "";
  dialog.appendChild(h("h2", { id: "dialog-title", tabindex: "-1", text: title }));
  parts.forEach(part => { if (part) dialog.appendChild(typeof part === "string" ? h("p", { text: part }) : part); });
  const row = h("div", { class: "ask-buttons" });
  buttons.forEach(entry => { row.appendChild(button(entry[0], "btn btn-wide " + entry[1], entry[2])); });
  if (buttons.length) dialog.appendChild(row);
  closeDialog($("sheet"));
  openDialog(dialog);
  $("dialog-title").focus();
}

function isAsking(what) { return isOpen($("dialog")) && $("dialog").dataset.asks === what; }

function numbers(list) {
  const row = h("p", { class: "jump" });
  list.forEach(position => {
    const jump = () => { closeDialog($("dialog")); go(position, true); };
    row.appendChild(button(position, "cell", jump, { "aria-label": "去第 " + position + " 题" }));
  });
  return row;
}
