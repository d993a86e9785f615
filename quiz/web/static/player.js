/* The exam player, fourth part: time, handing in, what keys and signals do, and the start. */
"use strict";

const FLUSH_BEFORE_HAND_IN_MS = 15000;
const DISPLAY_AHEAD_MS = 2000; // docs/decisions/0004: no grace on the server, so the display reaches zero this much before the deadline
const AFTER_DEADLINE_MS = 200;
const WARN_AT_SECONDS = [300, 60];

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

function msToDeadline() { return attempt ? Date.parse(attempt.deadline) - clock.now() : Infinity; }
/** What the display shows: it is at zero a little before the deadline, so that what is chosen in its last second still arrives in time. */
function secondsLeft() { return Math.ceil((msToDeadline() - DISPLAY_AHEAD_MS) / 1000); }
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
  else if (left > 0 && timeIsUp && !handingIn && !leaving) { timeIsUp = false; returnToItems(); } // more was granted, or the device's clock was wrong
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
  const shown = unanswered().join();
  // And what another device answered is heard of: the question is put again if its numbers were wrong.
  refresh(true).then(() => { if (isAsking("hand-in") && unanswered().join() !== shown) askToHandIn(); });
  const missing = unanswered();
  const partly = missing.filter(isPartlyAnswered);
  const untouched = missing.filter(position => !partly.includes(position));
  const marked = flagged();
  const parts = [];
  if (untouched.length) parts.push(h("p", {}, h("b", { text: "还有 " + untouched.length + " 题没有答：" })), numbers(untouched));
  if (partly.length) parts.push(h("p", {}, h("b", { text: "还有 " + partly.length + " 题只答了一部分：" })), numbers(partly));
  if (!missing.length) parts.push("全部 " + positions().length + " 题都已作答。");
  if (marked.length) parts.push(h("p", {}, h("b", { text: "您标记了 " + marked.length + " 题：" })), numbers(marked));
  parts.push("交卷后不能再修改。");
  ask("确认交卷吗？", parts, [
    ["继续答题", missing.length ? "btn-primary" : "btn-plain", returnToItems],
    [missing.length ? "不答了，交卷" : "确认交卷", missing.length ? "btn-plain" : "btn-primary", () => { handIn(false); }],
  ], true);
  $("dialog").dataset.asks = "hand-in";
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

/** Zero on the clock, a little before the deadline: flush at once. More time may have been granted, so the server is asked;
 * if not, submit when the deadline has come, so that it is the time and not the person that closes the attempt. */
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
    if (!lost) { await pause(Math.max(0, msToDeadline() + AFTER_DEADLINE_MS)); await submitWithPatience(); if (leaving) return; }
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
      attempt.deadline = data.deadline;
      tick();
      if (!timeIsUp) break;
      await flush(REQUEST_TIMEOUT_MS);
      if (!leaving && !pending().length) { await call("POST", API + "/submission"); leaveForResult(); }
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
  closing = true;
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
  if (target.matches && target.matches("input[type=text], select")) {
    if (key !== "Enter" || target.matches("select")) return; // these keys belong to the field
    const fields = Array.from($("options").querySelectorAll("input[type=text], select"));
    const next = fields[fields.indexOf(target) + 1];
    if (next) next.focus(); else step(1);
    event.preventDefault();
    return;
  }
  const group = isChoice(itemAt(place)) ? $("options") : target.closest && target.closest(".part");
  const choices = group ? Array.from(group.querySelectorAll(".opt input")) : [];
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
    if (changed.includes(place)) paintAnswer();
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
    forgetAnother(data);
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
  adoptServer(data.responses, savedSequences());
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
$("broken").hidden = true; // all four files have come
$("loading").hidden = $("save-state").hidden = false; // without scripts the page says so instead
load();
