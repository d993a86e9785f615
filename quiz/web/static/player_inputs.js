/* The exam player, second part: how a question of each type is answered.
 *
 * An editor draws the controls of one question, reads the answer out of them and shows an answer in them. What answers look like is
 * written in quiz/banks/question.py; always a list of strings, and an empty one as long as nothing is answered.
 */
"use strict";

const TYPE_LABELS = {
  single: "单选题", multiple: "多选题", true_false: "判断题", numeric: "计算题", blank: "填空题", ordering: "排序题", matching: "配对题", case: "案例题",
};
const HOW = {
  single: "选一项", multiple: "选一项或多项", true_false: "判断对错", numeric: "填一个数", blank: "把答案填在空里",
  ordering: "用“上移”“下移”排出正确的先后", matching: "给每一项选出对应的一项", case: "读完案例，回答下面每个小题",
};
const BLANK = "____";
const LONGEST_TEXT = 190; // the server takes 200 with the number of a part in front
const SHORT_OPTION = 6;   // more does not fit into a closed select on the narrowest phone

function isChoice(question) { return ["single", "multiple", "true_false"].includes(question.type); }

/** The answer to one part of a case, out of the answer to the case. */
function ofPart(part, entries) {
  const head = part.number + ":";
  return entries.filter(entry => entry.indexOf(head) === 0).map(entry => entry.slice(head.length));
}

/** How much of a question these entries answer: 0 nothing, 1 a part of it, 2 all of it. */
function extent(question, entries) {
  if (question.type === "case") {
    const extents = question.parts.map(part => extent(part, ofPart(part, entries)));
    return extents.every(one => one === 2) ? 2 : extents.some(one => one > 0) ? 1 : 0;
  }
  const given = entries.filter(entry => entry.trim()).length;
  const wanted = question.type === "blank" ? question.blanks : question.type === "matching" ? question.prompts.length : 1;
  return given === 0 ? 0 : given < wanted ? 1 : 2;
}

/** `changed(how)` is called with each change: "at once", "soon" when more is likely to follow, "typing", or "settled" when a field is left. */
function editorOf(question, name, changed) {
  const make = { numeric: numericEditor, blank: blankEditor, ordering: orderingEditor, matching: matchingEditor, case: caseEditor };
  return (make[question.type] || choiceEditor)(question, name, changed);
}

function put(node, children) { children.forEach(child => { node.appendChild(child); }); return node; }

/** The pictures that stand at the stem, or at an option. */
function picturesAt(question, where) {
  return (question.pictures || []).filter(picture => picture.where === where).map(picture =>
    h("img", { class: "picture", src: picture.src, alt: picture.alt || (where === "stem" ? "题目附图" : "选项附图") }));
}

// ---- choices

function choiceEditor(question, name, changed) {
  const several = question.type === "multiple";
  const boxes = question.options.map(option => h("input", { type: several ? "checkbox" : "radio", name: name, value: option.key }));
  const labels = question.options.map((option, index) => {
    boxes[index].addEventListener("change", () => { changed(several ? "soon" : "at once"); });
    const letter = h("b", { class: "letter", text: String.fromCharCode(65 + index) });
    return h("label", { class: "opt" }, boxes[index], letter, put(h("span", { class: "opt-text", text: option.text }), picturesAt(question, option.key)));
  });
  return {
    node: put(h("div"), labels),
    read: () => boxes.filter(box => box.checked).map(box => box.value).sort(),
    show: entries => boxes.forEach((box, index) => {
      box.checked = entries.includes(box.value);
      labels[index].classList.toggle("is-chosen", box.checked);
    }),
  };
}

// ---- typed answers

function typed(field) { return field.value.replace(/[\u0000-\u001f\u007f]/g, " "); } // a pasted tab is refused by the server

function textField(properties, changed) {
  const field = h("input", Object.assign({
    type: "text", maxlength: LONGEST_TEXT, autocomplete: "off", autocapitalize: "off", autocorrect: "off", spellcheck: "false", enterkeyhint: "next",
  }, properties));
  let composing = false; // half a word of pinyin is no answer yet
  field.addEventListener("compositionstart", () => { composing = true; });
  field.addEventListener("compositionend", () => { composing = false; changed("typing"); });
  field.addEventListener("input", () => { if (!composing) changed("typing"); });
  field.addEventListener("change", () => { changed("settled"); });
  return field;
}

/** Leaves alone what says the same, so that the caret stays where it is. */
function fill(field, text) { if (typed(field).trim() !== text.trim()) field.value = text; }

function looksLikeNumber(text, unit) {
  const plain = value => value.normalize("NFKC").replace(/\s/g, "");
  let number = plain(text);
  if (unit && number.endsWith(plain(unit))) number = number.slice(0, -plain(unit).length);
  return /^[+\-\u2212]?(\d+\.?\d*|\.\d+|\d{1,3}(,\d{3})+(\.\d*)?)$/.test(number);
}

function numericEditor(question, name, changed) {
  const unit = question.unit || "";
  const warning = h("p", { class: "hint hint-bad", id: name + "-warning", text: "这里要填一个数，例如 12.5。不是数的答案不得分。", hidden: true });
  const field = textField({
    class: "text-big",
    inputmode: /[℃°]/.test(unit) ? "text" : "decimal", // an iPhone's decimal keys have no minus, and only temperatures need one
    "aria-label": "答案" + (unit ? "（单位：" + unit + "）" : ""),
    "aria-describedby": warning.id,
  }, how => {
    const sound = !typed(field).trim() || looksLikeNumber(typed(field), unit);
    if (sound || how === "settled") warning.hidden = sound;
    changed(how);
  });
  const row = h("div", { class: "number" }, field, unit ? h("span", { class: "unit", text: unit, "aria-hidden": "true" }) : null);
  return {
    node: h("div", {}, row, warning),
    read: () => (typed(field).trim() ? [typed(field)] : []),
    show: entries => { fill(field, entries[0] || ""); },
  };
}

function blankEditor(question, name, changed) {
  const texts = question.stem.split(BLANK);
  const fields = texts.slice(1).map((after, index) => {
    const around = texts[index].slice(-12) + BLANK + after.slice(0, 8);
    const field = textField({ class: "text-blank", "aria-label": (texts.length > 2 ? "第 " + (index + 1) + " 空：" : "填空：") + around }, how => {
      stretch(field);
      changed(how);
    });
    return field;
  });
  const node = h("p", { class: "fill" }, texts[0]);
  fields.forEach((field, index) => { put(node, [field, document.createTextNode(texts[index + 1])]); });
  return {
    node: node,
    read: () => (fields.some(field => typed(field).trim()) ? fields.map(typed) : []),
    show: entries => fields.forEach((field, index) => { fill(field, entries[index] || ""); stretch(field); }),
  };
}

/** As wide as its text, so that nothing that was typed is out of sight; the sheet sets the least and the most. */
function stretch(field) {
  const ems = typed(field).split("").reduce((sum, letter) => sum + (letter.charCodeAt(0) > 255 ? 1 : 0.62), 0);
  field.style.width = (ems + 1.75) + "em";
}

/** A blank's stem as it is read aloud: the fields themselves stand in the text on screen. */
function spokenStem(question) {
  if (question.type !== "blank") return question.stem;
  return question.stem.split(BLANK).reduce((text, after, index) => text + "（第 " + index + " 空）" + after);
}

// ---- ordering

function orderingEditor(question, name, changed) {
  const shown = question.options.map(option => option.key);
  let order = shown;
  let given = false;
  const rows = {};
  const list = h("ol", { class: "order" });
  const state = h("p", { class: "order-state" });
  const agree = button("按此顺序", "btn btn-plain btn-wide", () => { give(order); say("已按此顺序作答"); });

  question.options.forEach(option => {
    const mover = (text, by) => button(text, "btn btn-plain btn-move", () => { move(option, by); }, { "aria-label": text + "：" + option.text });
    const row = { rank: h("b", { class: "letter" }), up: mover("上移", -1), down: mover("下移", 1) };
    row.node = h("li", {}, row.rank, h("span", { class: "opt-text", text: option.text }), h("span", { class: "moves" }, row.up, row.down));
    rows[option.key] = row;
  });

  function give(next) { order = next; given = true; changed("soon"); }

  function move(option, by) {
    const to = order.indexOf(option.key) + by;
    if (to < 0 || to >= order.length) return;
    const next = order.filter(key => key !== option.key);
    next.splice(to, 0, option.key);
    give(next);
    say(option.text + "，现在第 " + (to + 1) + " 位");
  }

  function arrange() {
    const held = list.contains(document.activeElement) ? document.activeElement : null;
    order.forEach((key, index) => {
      const row = rows[key];
      if (list.children[index] !== row.node) list.insertBefore(row.node, list.children[index] || null);
      row.rank.textContent = String(index + 1);
      row.up.setAttribute("aria-disabled", String(index === 0)); // not `disabled`: the keyboard would lose its place
      row.down.setAttribute("aria-disabled", String(index === order.length - 1));
    });
    if (held) held.focus();
    list.classList.toggle("is-given", given);
    state.textContent = given ? "✓ 已按上面的顺序作答，还可以再移动" : "还没有作答。如果现在的顺序就是对的，请按：";
    agree.hidden = given;
  }

  return {
    node: h("div", {}, list, state, agree),
    read: () => (given ? order : []),
    show: entries => {
      given = entries.length === shown.length;
      order = given ? entries : shown;
      arrange();
    },
  };
}

// ---- matching

function matchingEditor(question, name, changed) {
  const lettered = question.options.map((option, index) => ({ key: option.key, letter: String.fromCharCode(65 + index), text: option.text }));
  const pool = lettered.map(option => h("li", {}, h("b", { class: "letter", text: option.letter }), h("span", { class: "opt-text", text: option.text })));
  const selects = question.prompts.map(prompt => {
    const choices = lettered.map(option => h("option", { value: option.key, text: option.letter + "　" + option.text }));
    const select = put(h("select", { id: name + "-" + prompt.key }, h("option", { value: "", text: "请选择" })), choices);
    select.addEventListener("change", () => { changed("soon"); });
    return select;
  });
  const pairs = question.prompts.map((prompt, index) => h("div", { class: "pair" }, h("label", { for: selects[index].id, text: prompt.text }), selects[index]));
  const isLong = lettered.some(option => option.text.length > SHORT_OPTION);
  return {
    node: put(h("div", {}, isLong ? put(h("ul", { class: "pool" }), pool) : null), pairs),
    read: () => question.prompts.map((prompt, index) => prompt.key + selects[index].value).filter((pair, index) => selects[index].value),
    show: entries => selects.forEach((select, index) => {
      const own = entries.filter(pair => pair.slice(0, -1) === question.prompts[index].key)[0];
      select.value = own ? own.slice(-1) : "";
      select.parentNode.classList.toggle("is-chosen", Boolean(own));
    }),
  };
}

// ---- a case: its parts below each other

function caseEditor(item, name, changed) {
  const editors = item.parts.map(part => editorOf(part, name + "-" + part.number, changed));
  const parts = item.parts.map((part, index) => {
    const head = h("span", { class: "over" }, h("b", { text: "第 " + part.number + " 小题" }), h("span", { text: TYPE_LABELS[part.type] || "" }));
    const stem = h("span", { class: part.type === "blank" ? "sr" : "part-stem", text: spokenStem(part) });
    return h("fieldset", { class: "part" }, h("legend", {}, head, stem), h("p", { class: "hint", text: HOW[part.type] || "" }), editors[index].node);
  });
  return {
    node: put(h("div"), parts),
    read: () => item.parts.reduce((all, part, index) => all.concat(editors[index].read().map(entry => part.number + ":" + entry)), []),
    show: entries => item.parts.forEach((part, index) => { editors[index].show(ofPart(part, entries)); }),
  };
}
