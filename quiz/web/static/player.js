/* The exam player: one item at a time, every answer kept on the device first and then sent, until the server says it has it.
 *
 * No library, no build step, and only what a phone browser of 2018 understands (ES2017, no optional chaining).
 * Reading order: what is remembered (store, answers) → how it travels (call, saving) → time → what is seen → handing in.
 */
(() => {
  "use strict";

  const root = document.getElementById("player");
  const attemptId = root.dataset.attempt;
  const API = "/api/v1/attempts/" + encodeURIComponent(attemptId);
  const RESULT_PAGE = "/exam/" + encodeURIComponent(attemptId) + "/result";
  const SIGN_IN_PAGE = "/sign-in?next=" + encodeURIComponent("/exam/" + attemptId);
  const KEYS = {
    answers: "ankao:" + attemptId + ":answers",
    flags: "ankao:" + attemptId + ":flags",
    place: "ankao:" + attemptId + ":place",
  };

  const REQUEST_TIMEOUT_MS = 10000;
  const MULTIPLE_CHOICE_DELAY_MS = 250;
  const OTHER_TAB_GRACE_MS = 3000; // the tab in which the answer was given sends it first
  const BACKOFF_FIRST_MS = 1000;
  const BACKOFF_LAST_MS = 15000;
  const FLUSH_BEFORE_HAND_IN_MS = 15000;
  const LAST_SECONDS_WITHOUT_DELAY = 10;
  const NOTICE_MS = 6000;
  const WARN_AT_SECONDS = [300, 60];

  const TYPE_LABELS = { single: "单选题", multiple: "多选题", true_false: "判断题" };
  const HOW = { single: "选一项", multiple: "选一项或多项", true_false: "判断对错" };

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
  function pause(ms) { return new Promise(resolve => { setTimeout(resolve, ms); }); }

  // ---- store: localStorage, or memory when the browser refuses

  const store = (() => {
    const memory = {};
    let durable = false;
    try {
      localStorage.setItem("ankao:probe", "1");
      localStorage.removeItem("ankao:probe");
      durable = true;
    } catch (refused) { durable = false; } // private mode, storage switched off
    return {
      isDurable: () => durable,
      read: key => {
        try {
          const text = key in memory ? memory[key] : durable ? localStorage.getItem(key) : null;
          return text ? JSON.parse(text) : null;
        } catch (unreadable) { return null; }
      },
      write: (key, value) => {
        const text = JSON.stringify(value);
        try {
          if (!durable) throw new Error("no storage");
          localStorage.setItem(key, text);
          delete memory[key];
        } catch (full) { memory[key] = text; durable = false; }
      },
      remove: key => {
        delete memory[key];
        try { localStorage.removeItem(key); } catch (refused) { delete memory[key]; }
      },
    };
  })();

  // ---- answers: {position: {answer, sequence, saved}}

  let attempt = null; // as GET answered it
  let answers = {};   // `saved` is the sequence the server acknowledged; an answer is pending while sequence > saved
  let flags = {};
  let place = 1;      // position of the item on screen
  let locked = false; // time is up, or the paper is being handed in

  function sameAnswer(one, other) { return one.slice().sort().join("\n") === other.slice().sort().join("\n"); }
  function positions() { return attempt ? attempt.items.map(item => item.position) : []; }
  function itemAt(position) { return attempt.items.filter(item => item.position === position)[0]; }
  function answerAt(position) { return answers[position] ? answers[position].answer : []; }
  function isAnswered(position) { return answerAt(position).length > 0; }
  function unanswered() { return positions().filter(position => !isAnswered(position)); }
  function flagged() { return positions().filter(position => flags[position]); }
  function pending() {
    return Object.keys(answers).map(Number).filter(position => answers[position].sequence > answers[position].saved);
  }
  function highestSequence() {
    return Object.keys(answers).reduce((highest, position) => {
      return Math.max(highest, answers[position].sequence, answers[position].saved);
    }, 0);
  }

  /** Take over what another tab of this browser wrote; per position the higher sequence wins. Answers with the positions that changed. */
  function adoptStored() {
    const stored = store.read(KEYS.answers) || {};
    const changed = [];
    Object.keys(stored).forEach(position => {
      const theirs = stored[position];
      const mine = answers[position];
      if (!theirs || !Array.isArray(theirs.answer)) return;
      if (!mine || theirs.sequence > mine.sequence) {
        answers[position] = theirs;
        changed.push(Number(position));
      } else if (theirs.sequence === mine.sequence) {
        mine.saved = Math.max(mine.saved, theirs.saved);
      }
    });
    return changed;
  }

  function keep() {
    adoptStored();
    store.write(KEYS.answers, answers);
  }

  /** Merge what the server holds: higher sequence wins; at a tie an answer that was never sent is newer than what is there. */
  function adoptServer(responses) {
    const changed = [];
    (responses || []).forEach(theirs => {
      const mine = answers[theirs.position];
      const unsent = mine && mine.sequence > mine.saved;
      if (!mine || theirs.sequence > mine.sequence) {
        if (!sameAnswer(mine ? mine.answer : [], theirs.answer)) changed.push(theirs.position);
        answers[theirs.position] = { answer: theirs.answer, sequence: theirs.sequence, saved: theirs.sequence };
      } else if (theirs.sequence === mine.sequence) {
        if (sameAnswer(mine.answer, theirs.answer)) mine.saved = theirs.sequence;
        else if (unsent) mine.sequence = theirs.sequence + 1;
        else { mine.answer = theirs.answer; changed.push(theirs.position); }
      }
    });
    keep();
    return changed;
  }

  function answer(position, chosen) {
    if (locked) return;
    adoptStored(); // two tabs must not give one sequence to two answers
    const before = answers[position];
    answers[position] = { answer: chosen, sequence: highestSequence() + 1, saved: before ? before.saved : 0 };
    keep();
    notice = "";
    const waits = itemAt(position).type === "multiple" && secondsLeft() > LAST_SECONDS_WITHOUT_DELAY;
    saveIn(waits ? MULTIPLE_CHOICE_DELAY_MS : 0);
    paint();
  }

  function forget() { Object.keys(KEYS).forEach(name => { store.remove(KEYS[name]); }); }

  // ---- call: one request, a time limit, the server's clock

  function Problem(status, code, detail) { this.status = status; this.code = code || ""; this.detail = detail || ""; }
  Problem.prototype.isPassing = function () {
    return this.status === 0 || this.status >= 500 || [408, 425, 429].includes(this.status) || this.code === "restarting";
  };
  Problem.prototype.saysClosed = function () { return this.status === 409 && /^(closed|expired|handed_in)$/.test(this.code); };

  async function call(method, path, body, options) {
    const aborter = window.AbortController ? new AbortController() : null;
    const sent = Date.now();
    let alarm = null;
    const tooLong = new Promise((resolve, reject) => {
      alarm = setTimeout(() => { if (aborter) aborter.abort(); reject(new Problem(0)); }, REQUEST_TIMEOUT_MS);
    });
    async function exchange() {
      const response = await fetch(path, {
        method: method,
        credentials: "same-origin",
        cache: "no-store",
        headers: body ? { "Content-Type": "application/json", Accept: "application/json" } : { Accept: "application/json" },
        body: body ? JSON.stringify(body) : undefined,
        keepalive: Boolean(options && options.leaving),
        signal: aborter ? aborter.signal : undefined,
      });
      const answered = Date.now();
      const text = await response.text();
      let data = null;
      try { data = text ? JSON.parse(text) : {}; } catch (notJson) { data = null; }
      if (data && data.server_time) clock.hear(data.server_time, sent, answered);
      if (!response.ok) throw new Problem(response.status, data && data.code, data && data.detail);
      if (data === null) throw new Problem(0); // a hotel's or carrier's sign-in page in between answers 200 with HTML
      return data;
    }
    try {
      return await Promise.race([exchange(), tooLong]);
    } catch (error) {
      throw error instanceof Problem ? error : new Problem(0);
    } finally {
      clearTimeout(alarm);
    }
  }

  // ---- saving: one request in flight, all pending answers in it

  let sending = null;   // promise of the request in flight
  let saveTimer = null;
  let failures = 0;
  let trouble = null;   // the Problem that keeps answers on the device, null while all is well

  function saveIn(ms) {
    clearTimeout(saveTimer);
    saveTimer = setTimeout(send, ms);
  }

  function backoff() {
    const ceiling = Math.min(BACKOFF_LAST_MS, BACKOFF_FIRST_MS * Math.pow(2, Math.max(0, failures - 1)));
    return ceiling * (0.5 + Math.random() / 2); // jitter: a whole town comes back when the mast does
  }

  /** Send everything that is pending. Answers true when the server has all of what was sent. */
  function send(options) {
    if (sending) return sending;
    clearTimeout(saveTimer);
    const batch = pending().map(position => {
      return { position: position, answer: answers[position].answer, sequence: answers[position].sequence };
    });
    if (!batch.length) return Promise.resolve(true);
    sending = call("PUT", API + "/responses", { responses: batch }, options)
      .then(data => acknowledge(batch, data))
      .catch(problem => keepForLater(problem, batch))
      .then(complete => {
        sending = null;
        if (pending().length && !leaving) {
          if (complete) saveIn(0);
          else if (trouble === null || trouble.isPassing()) saveIn(backoff());
          else if (trouble.status !== 401) saveIn(BACKOFF_LAST_MS); // signed out: nothing helps until the person is back
        }
        paint();
        return complete;
      });
    paintSaveState();
    return sending;
  }

  function acknowledge(batch, data) {
    if (!Array.isArray(data.saved)) throw new Problem(0);
    const kept = {};
    data.saved.forEach(entry => { kept[entry.position] = entry.sequence; });
    let overtaken = false;
    batch.forEach(sent => {
      const mine = answers[sent.position];
      const sequence = kept[sent.position];
      if (sequence === undefined) return; // not taken in: stays pending
      if (sequence === sent.sequence) mine.saved = Math.max(mine.saved, sequence);
      else if (mine.sequence > sent.sequence) mine.sequence = Math.max(mine.sequence, sequence + 1); // changed here since
      else overtaken = true; // another device answered later
    });
    const complete = batch.every(sent => kept[sent.position] !== undefined);
    keep();
    if (!complete) throw new Problem(0);
    failures = overtaken ? failures + 1 : 0;
    trouble = null;
    if (overtaken) refresh(true);
    return !overtaken;
  }

  function keepForLater(problem, batch) {
    if (!(problem instanceof Problem)) throw problem;
    failures += 1;
    trouble = problem;
    if (problem.saysClosed()) closedByServer(batch.length);
    else if (problem.status === 409) refresh(true);
    return false;
  }

  /** Try until nothing is pending, a refusal, three failures, or the end of the time given. */
  async function flush(ms) {
    const until = Date.now() + ms;
    let failed = 0;
    while (pending().length && !leaving && Date.now() < until) {
      const complete = await Promise.race([send(), pause(Math.max(0, until - Date.now())).then(() => false)]);
      if (complete) continue;
      failed += 1;
      if (failed === 3 || (trouble && !trouble.isPassing())) return false;
      await pause(BACKOFF_FIRST_MS);
    }
    return pending().length === 0;
  }

  let refreshing = null;
  let refreshedAt = 0;

  /** Hear again from the server: what other devices saved, the deadline, whether the attempt is still open. */
  function refresh(atOnce) {
    if (!attempt || refreshing || (!atOnce && Date.now() - refreshedAt < 2000)) return refreshing || Promise.resolve(false);
    refreshedAt = Date.now();
    refreshing = call("GET", API).then(data => {
      if (data.state !== "open") return foundClosed(data);
      attempt.deadline = data.deadline;
      const changed = adoptServer(data.responses);
      if (changed.length) notify("第 " + changed.join("、") + " 题已换成另一台设备上较新的答案");
      if (trouble && (trouble.status === 401 || trouble.isPassing())) { trouble = null; failures = 0; }
      if (changed.includes(place)) paintChoices();
      if (pending().length) saveIn(0);
      paint();
      return true;
    }).catch(problem => {
      if (!(problem instanceof Problem)) throw problem;
      if (problem.status === 401) { trouble = problem; paint(); }
      return false;
    }).then(heard => { refreshing = null; return heard; });
    return refreshing;
  }

  // ---- time: the deadline is the server's, the clock a display

  const clock = (() => {
    let offset = null; // server minus device, milliseconds
    return {
      hear: (serverTime, sent, answered) => {
        const roundTrip = answered - sent;
        const heard = Date.parse(serverTime) + roundTrip / 2 - answered;
        if (isNaN(heard)) return;
        // A slow answer measures badly: it is believed only if the old estimate is further off than it can be itself.
        if (offset === null || roundTrip < 1500 || Math.abs(heard - offset) > roundTrip) offset = heard;
      },
      now: () => Date.now() + (offset || 0),
    };
  })();

  let warned = {};
  let timeIsUp = false;

  function secondsLeft() { return attempt ? Math.ceil((Date.parse(attempt.deadline) - clock.now()) / 1000) : Infinity; }
  function twoDigits(n) { return (n < 10 ? "0" : "") + n; }

  function tick() {
    if (!attempt) return;
    const left = Math.max(0, secondsLeft());
    const text = twoDigits(Math.floor(left / 60)) + ":" + twoDigits(left % 60);
    if ($("clock-time").textContent !== text) $("clock-time").textContent = text;
    $("clock").classList.toggle("is-short", left <= WARN_AT_SECONDS[0]);
    WARN_AT_SECONDS.forEach(mark => {
      if (left > mark) { warned[mark] = false; return; } // more time was granted
      if (!warned[mark] && left > mark - 30 && left > 0) alertAloud("还剩 " + Math.round(mark / 60) + " 分钟");
      warned[mark] = true;
    });
    if (left === 0 && !timeIsUp) { timeIsUp = true; endOfTime(); }
  }

  // ---- what is seen

  let map = null;
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
      cell.classList.toggle("is-answered", isAnswered(position));
      cell.classList.toggle("is-flagged", Boolean(flags[position]));
      cell.classList.toggle("is-current", position === place);
      cell.setAttribute("aria-label", "第 " + position + " 题，" + (isAnswered(position) ? "已答" : "未答") + (flags[position] ? "，已标记" : ""));
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
      key("is-answered", "已答"), key("", "未答"), key("is-flagged", "标记"), key("is-current", "当前"));
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
    $("stem").textContent = item.stem;
    $("how").textContent = HOW[item.type] || "";
    const options = empty($("options"));
    item.options.forEach((option, index) => {
      const kind = item.type === "multiple" ? "checkbox" : "radio";
      const input = h("input", { type: kind, name: "answer-" + item.position, value: option.key });
      input.addEventListener("change", () => { choose(item); });
      const text = h("span", { class: "opt-text", text: option.text });
      options.appendChild(h("label", { class: "opt" }, input, h("b", { class: "letter", text: String.fromCharCode(65 + index) }), text));
    });
    paintChoices();
  }

  function inputs() { return Array.from($("options").querySelectorAll("input")); }

  function paintChoices() {
    const chosen = answerAt(place);
    inputs().forEach(input => {
      input.checked = chosen.includes(input.value);
      input.parentNode.classList.toggle("is-chosen", input.checked);
    });
  }

  function choose(item) {
    const chosen = inputs().filter(input => input.checked).map(input => input.value).sort();
    answer(item.position, chosen);
    paintChoices(); // also puts the old choice back when the time was up
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
    dialog.appendChild(h("h2", { id: "dialog-title", tabindex: "-1", text: title }));
    parts.forEach(part => { if (part) dialog.appendChild(typeof part === "string" ? h("p", { text: part }) : part); });
    const row = h("div", { class: "ask-buttons" });
    buttons.forEach(entry => { row.appendChild(button(entry[0], "btn btn-wide " + entry[1], entry[2])); });
    if (buttons.length) dialog.appendChild(row);
    closeDialog($("sheet"));
    openDialog(dialog);
    $("dialog-title").focus();
  }

  function numbers(list) {
    const row = h("p", { class: "jump" });
    list.forEach(position => {
      const jump = () => { closeDialog($("dialog")); go(position, true); };
      row.appendChild(button(position, "cell", jump, { "aria-label": "去第 " + position + " 题" }));
    });
    return row;
  }

  // ---- handing in

  let handingIn = false;

  const TO_MY = ["返回我的考试", "btn-plain", () => location.assign("/my")];
  const TO_SIGN_IN = ["去登录", "btn-primary", () => location.assign(SIGN_IN_PAGE)];
  const TO_RESULT = ["查看成绩", "btn-primary", () => location.replace(RESULT_PAGE)];

  function returnToItems() {
    if (timeIsUp) { endOfTime(); return; }
    locked = false;
    $("dialog").dataset.fixed = "";
    closeDialog($("dialog"));
    paint();
  }

  function askToHandIn() {
    if (!attempt || locked) return;
    send(); // whatever still waits starts on its way while the person reads
    refresh(true); // and what another device answered is heard of
    const missing = unanswered();
    const marked = flagged();
    const parts = [];
    if (missing.length) parts.push(h("p", {}, h("b", { text: "还有 " + missing.length + " 题没有答：" })), numbers(missing));
    else parts.push("全部 " + positions().length + " 题都已作答。");
    if (marked.length) parts.push(h("p", {}, h("b", { text: "您标记了 " + marked.length + " 题：" })), numbers(marked));
    parts.push("交卷后不能再修改。");
    ask("确认交卷吗？", parts, [
      ["继续答题", missing.length ? "btn-primary" : "btn-plain", returnToItems],
      [missing.length ? "不答了，交卷" : "确认交卷", missing.length ? "btn-plain" : "btn-primary", () => { handIn(false); }],
    ], true);
  }

  /** Flush, then submit. With answers that cannot be sent, only after the person has said so. */
  async function handIn(withoutUnsent) {
    if (handingIn) return;
    handingIn = true;
    locked = true;
    paint();
    ask("正在交卷…", [pending().length ? "正在把最后的答案传到服务器，请稍候。" : "请稍候，不要关闭页面。"], [], false);
    try {
      if (!withoutUnsent && !(await flush(FLUSH_BEFORE_HAND_IN_MS))) askAboutUnsent();
      else await submitWithPatience();
    } finally {
      handingIn = false;
    }
    if (timeIsUp && !leaving) endOfTime();
  }

  function askAboutUnsent() {
    if (leaving) return;
    const waiting = pending();
    if (trouble && trouble.status === 401) return askToSignIn();
    const why = trouble && !trouble.isPassing() && trouble.detail ? trouble.detail : "网络不通或信号太弱。";
    ask("还没有交卷", [
      why + "第 " + waiting.join("、") + " 题的答案还在本机，没有传到服务器。",
      "建议换个信号好的地方再试。剩余时间仍在走；到时服务器会自动交卷，只计已保存的答案。",
    ], [
      ["再试一次", "btn-primary", () => { handIn(false); }],
      ["返回答题", "btn-plain", returnToItems],
      ["仍要交卷（这 " + waiting.length + " 题不计分）", "btn-danger", () => { handIn(true); }],
    ], true);
  }

  function askToSignIn() {
    ask("登录已失效", ["请重新登录，答案不会丢。登录后会回到这里。"], [
      TO_SIGN_IN,
      ["返回", "btn-plain", returnToItems],
    ], true);
  }

  /** A lost answer to a submission is repeated: the server gives the same result again. */
  async function submitWithPatience() {
    for (let tries = 0; tries < 3 && !leaving; tries++) {
      try {
        await call("POST", API + "/submission");
        return leaveForResult();
      } catch (problem) {
        if (!(problem instanceof Problem)) throw problem;
        if (problem.saysClosed()) return leaveForResult();
        if (problem.status === 401) { trouble = problem; paint(); return askToSignIn(); }
        if (!problem.isPassing()) return askAfterFailure(problem.detail || "服务器没有收下交卷请求。");
        await pause(BACKOFF_FIRST_MS * (tries + 1));
      }
    }
    if (!leaving) askAfterFailure("网络不通，交卷请求没有得到回应。");
  }

  function askAfterFailure(why) {
    ask("还没有交卷", [why, pending().length ? "" : "您的答案都已保存在服务器上。", "到时服务器会自动交卷，以已保存的答案计分。"], [
      ["再试一次", "btn-primary", () => { if (timeIsUp) endOfTime(); else handIn(false); }],
      timeIsUp ? TO_MY : ["返回答题", "btn-plain", () => { returnToItems(); refresh(true); }],
    ], !timeIsUp);
  }

  /** Zero on the clock. More time may have been granted, so the server is asked first; then flush, then submit. */
  async function endOfTime() {
    locked = true;
    paint();
    ask("时间到", ["正在保存最后的答案并交卷，请稍候。"], [], false);
    if (handingIn) return; // already on its way
    handingIn = true;
    try {
      await flush(REQUEST_TIMEOUT_MS);
      if (leaving) return;
      if (!(trouble && trouble.status === 0)) await refresh(true);
      if (!leaving && secondsLeft() > 0) { timeIsUp = false; return returnToItems(); }
      const lost = pending().length;
      if (!lost) { await submitWithPatience(); if (leaving) return; }
      else if (!leaving) askOffline(lost);
    } finally {
      handingIn = false;
    }
    if (!leaving) retryEndOfTime();
  }

  function askOffline(lost) {
    const signedOut = trouble && trouble.status === 401;
    ask("时间到", [
      signedOut ? "登录已失效。" : "网络不通。",
      "服务器会按截止时间前已保存的答案自动交卷，不需要您再做什么。",
      "有 " + lost + " 题的答案没有在截止前传到服务器，不计分。",
    ], signedOut ? [TO_SIGN_IN, TO_MY] : [["再试一次", "btn-primary", endOfTime], TO_MY], false);
  }

  let retrying = false;

  async function retryEndOfTime() {
    if (retrying) return;
    retrying = true;
    while (timeIsUp && !leaving) {
      await pause(5000);
      if (handingIn || leaving || !timeIsUp) continue;
      try {
        const data = await call("GET", API);
        if (data.state !== "open") { await foundClosed(data); return; }
        await flush(REQUEST_TIMEOUT_MS);
        if (!leaving) { await call("POST", API + "/submission"); leaveForResult(); }
      } catch (problem) {
        if (!(problem instanceof Problem)) throw problem;
        if (problem.saysClosed()) leaveForResult();
      }
    }
    retrying = false;
  }

  let leaving = false;

  function leaveForResult() {
    if (leaving) return;
    leaving = true;
    locked = true;
    clearTimeout(saveTimer);
    forget();
    location.replace(RESULT_PAGE);
  }

  /** Somebody closed it: the server at the deadline, or the person on another device. What is unsent goes there all the same, as late. */
  async function foundClosed(data) {
    adoptStored();
    adoptServer(data.responses);
    const late = pending().length;
    if (!late) { leaveForResult(); return true; }
    await send();
    closedByServer(late);
    return true;
  }

  /** The server closed the attempt before these answers arrived: it keeps them, but they do not count, and that must be said. */
  function closedByServer(late) {
    if (leaving) return;
    leaving = true;
    locked = true;
    forget();
    paint();
    ask("已经交卷", ["这份卷子已在服务器上交卷（到时自动交卷，或在另一台设备上交卷）。", "有 " + late + " 题的答案在交卷之后才传到，已留存，不计分。"],
      [TO_RESULT], false);
  }

  // ---- events

  function onKey(event) {
    if (!attempt || locked || event.ctrlKey || event.metaKey || event.altKey || isOpen($("dialog")) || isOpen($("sheet"))) return;
    const target = event.target;
    const onButton = target.closest && target.closest("button, a, summary");
    const key = event.key.length === 1 ? event.key.toUpperCase() : event.key;
    const choices = inputs();
    const index = /^[1-9]$/.test(key) ? Number(key) - 1 : /^[A-F]$/.test(key) ? key.charCodeAt(0) - 65 : -1;
    if (index >= 0 && index < choices.length) { choices[index].focus(); choices[index].click(); }
    else if (key === "M" || key === "F") toggleFlag(); // F only where there is no sixth option
    // Left and right change the item even inside a radio group, where up and down still move the choice.
    else if (key === "ArrowLeft") { if (positions().indexOf(place) > 0) step(-1); }
    else if (key === "ArrowRight") { if (positions().indexOf(place) < positions().length - 1) step(1); }
    else if (key === "Enter" && !onButton) step(1);
    else return;
    event.preventDefault();
  }

  function onStorage(event) {
    if (!attempt || leaving) return;
    if (event.key === KEYS.answers && event.newValue === null) { refresh(true); return; } // handed in from the other tab
    if (event.key === KEYS.answers) {
      const changed = adoptStored();
      if (changed.includes(place)) paintChoices();
      if (pending().length && !sending) saveIn(OTHER_TAB_GRACE_MS);
      paint();
    } else if (event.key === KEYS.flags) {
      flags = store.read(KEYS.flags) || {};
      paint();
    }
  }

  function comeBack() {
    if (!attempt) { load(); return; }
    tick();
    failures = 0;
    if (pending().length) send();
    refresh(false);
  }

  function listen() {
    $("previous").addEventListener("click", () => { step(-1); });
    $("next").addEventListener("click", () => { step(1); });
    $("hand-in").addEventListener("click", askToHandIn);
    $("flag").addEventListener("click", toggleFlag);
    $("open-map").addEventListener("click", () => {
      openDialog($("sheet"));
      const current = map.node.querySelector(".is-current");
      if (current) current.focus();
    });
    $("sheet").addEventListener("click", event => { if (event.target === $("sheet")) closeDialog($("sheet")); });
    $("dialog").addEventListener("cancel", event => { if ($("dialog").dataset.fixed) event.preventDefault(); });
    $("dialog").addEventListener("close", () => {
      if ($("dialog").dataset.fixed) openDialog($("dialog")); // Chrome lets a second Esc through
      else if (locked && !handingIn && !leaving) returnToItems();
    });
    if (wide.addEventListener) wide.addEventListener("change", placeMap); else wide.addListener(placeMap);
    document.addEventListener("keydown", onKey);
    window.addEventListener("storage", onStorage);
    window.addEventListener("online", comeBack);
    window.addEventListener("pageshow", event => { if (event.persisted) { if (leaving) location.reload(); else comeBack(); } });
    window.addEventListener("hashchange", () => { const to = Number(location.hash.slice(1)); if (attempt && to !== place) go(to, true); });
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible") comeBack();
      else if (pending().length && !leaving) send({ leaving: true });
    });
    window.addEventListener("pagehide", () => { if (pending().length && !leaving) send({ leaving: true }); });
    window.addEventListener("beforeunload", event => {
      if (!leaving && pending().length && !store.isDurable()) { event.preventDefault(); event.returnValue = ""; }
    });
    setInterval(tick, 250);
  }

  // ---- loading

  let loading = false;
  let loadFailures = 0;

  async function load() {
    if (loading || attempt) return;
    loading = true;
    try {
      const data = await call("GET", API);
      if (data.state !== "open") await foundClosed(data);
      else begin(data);
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      showLoadFailure(problem);
    } finally {
      loading = false;
    }
  }

  function begin(data) {
    attempt = data;
    attempt.items.sort((one, other) => one.position - other.position);
    adoptStored();
    adoptServer(data.responses);
    flags = store.read(KEYS.flags) || {};
    $("loading").hidden = true;
    $("question").hidden = false;
    $("nav").hidden = false;
    root.classList.add("is-ready");
    buildMap();
    const wished = [Number(location.hash.slice(1)), Number(store.read(KEYS.place))].filter(position => itemAt(position));
    go(wished.length ? wished[0] : (unanswered()[0] || positions()[0]), false);
    tick();
    if (pending().length) saveIn(0); // answers given before the reload that never reached the server
  }

  function showLoadFailure(problem) {
    const link = (href, text) => h("a", { class: "btn btn-primary btn-wide", href: href, text: text });
    const show = (state, short, text, action) => {
      $("save-state").dataset.state = state;
      $("save-text").textContent = short;
      $("loading-text").textContent = text;
      empty($("loading-actions")).appendChild(action);
    };
    if (problem.isPassing()) {
      show("offline", "信号不好", "信号不好，题目还没有取到，正在自动重试…（已答的题都在）",
        button("马上重试", "btn btn-primary btn-wide", load));
      setTimeout(load, Math.min(BACKOFF_LAST_MS, BACKOFF_FIRST_MS * Math.pow(2, loadFailures++)));
    } else if (problem.status === 401) {
      show("signed-out", "登录已失效", "登录已失效，请重新登录。已答的题都在，登录后会回到这里。", link(SIGN_IN_PAGE, "去登录"));
    } else {
      show("refused", "无法答题", problem.detail || "没有找到这份卷子，或者它不属于您的账号。", link("/my", "返回我的考试"));
    }
  }

  listen();
  $("loading").hidden = $("save-state").hidden = false; // without scripts the page says so instead
  load();
})();
