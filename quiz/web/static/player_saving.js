/* The exam player, first part: every answer is kept on the device first and then sent, until the server says it has it.
 *
 * The player is four plain files in one scope, that of a page with no other script: player_saving.js (what is remembered and how
 * it travels), player_inputs.js (how each type of question is answered), player_view.js (what is seen), player.js (time, handing in,
 * and what happens when). No library, no build step, and only what a phone browser of 2018 understands (ES2017, no optional chaining).
 */
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
  started: "ankao:" + attemptId + ":started",
};

const REQUEST_TIMEOUT_MS = 10000;
const SAVE_DELAYS_MS = { "at once": 0, soon: 250, typing: 800, settled: 0 };
const OTHER_TAB_GRACE_MS = 3000; // the tab in which the answer was given sends it first
const BACKOFF_FIRST_MS = 1000;
const BACKOFF_LAST_MS = 15000;
const LAST_SECONDS_WITHOUT_DELAY = 10;

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

function sameAnswer(one, other) { return one.length === other.length && one.every((entry, index) => entry === other[index]); }
function positions() { return attempt ? attempt.items.map(item => item.position) : []; }
function itemAt(position) { return attempt.items.filter(item => item.position === position)[0]; }
function answerAt(position) { return answers[position] ? answers[position].answer : []; }
function isAnswered(position) { return extent(itemAt(position), answerAt(position)) === 2; }
function isPartlyAnswered(position) { return extent(itemAt(position), answerAt(position)) === 1; }
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
  remember();
}

function remember() { if (!leaving) store.write(KEYS.answers, answers); } // once it is handed in, nothing stays on the phone

function savedSequences() {
  return Object.keys(answers).map(position => ({ position: Number(position), saved: answers[position].saved }));
}

/** Merge what the server holds: higher sequence wins; at a tie an answer that was never sent is newer than what is there.
 *
 * `savedBefore` is what it had acknowledged when it was asked. Where it holds less now (a backup was put back), the answer is
 * not saved any more: it is pending again.
 */
function adoptServer(responses, savedBefore) {
  adoptStored();
  const changed = [];
  const held = {};
  (responses || []).forEach(theirs => { held[theirs.position] = theirs.sequence; });
  (savedBefore || []).forEach(known => {
    const mine = answers[known.position];
    if (mine && known.saved > (held[known.position] || 0) && mine.saved === known.saved) mine.saved = held[known.position] || 0;
  });
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
  remember();
  return changed;
}

/** Keep an answer and send it: at once, or after the pause that belongs to this kind of change. */
function answer(position, entries, how) {
  if (locked) return;
  adoptStored(); // two tabs must not give one sequence to two answers
  const before = answers[position];
  answers[position] = { answer: entries, sequence: highestSequence() + 1, saved: before ? before.saved : 0 };
  keep();
  notice = "";
  saveIn(secondsLeft() > LAST_SECONDS_WITHOUT_DELAY ? SAVE_DELAYS_MS[how] : 0);
  paint();
}

/** An attempt of the same number in another database (a demonstration made anew): what is stored here does not belong to it. */
function forgetAnother(data) {
  const known = store.read(KEYS.started);
  if (known && data.started_at && known !== data.started_at) forget();
  store.write(KEYS.started, data.started_at || null);
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
let closing = false;  // the server has said that the attempt is closed

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
    .catch(problem => keepForLater(problem))
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

function keepForLater(problem) {
  if (!(problem instanceof Problem)) throw problem;
  failures += 1;
  trouble = problem;
  if (problem.saysClosed()) return hearWhatCounts().then(() => false);
  if (problem.status === 409) refresh(true);
  return false;
}

/** Refused because it is closed. What was counted and only its receipt lost is not late, so the server is asked what it holds. */
async function hearWhatCounts() {
  if (leaving || closing) return;
  closing = true;
  try {
    const data = await call("GET", API);
    attempt.deadline = data.deadline;
    if (data.state === "open" && Date.parse(data.server_time) < Date.parse(data.deadline)) { // time was granted just now
      closing = false;
      trouble = null;
      return;
    }
    adoptServer(data.responses);
    if (data.state === "open") await call("POST", API + "/submission"); // its time is over, and nobody has closed it yet
  } catch (unheard) {
    if (!(unheard instanceof Problem)) throw unheard;
  }
  const late = pending().length;
  if (late) closedByServer(late); else leaveForResult();
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
  const savedBefore = savedSequences();
  refreshing = call("GET", API).then(data => {
    if (leaving) return false;
    if (data.state !== "open") return foundClosed(data);
    attempt.deadline = data.deadline;
    const changed = adoptServer(data.responses, savedBefore);
    if (changed.length) notify("第 " + changed.join("、") + " 题已换成另一台设备上较新的答案");
    if (trouble && (trouble.status === 401 || trouble.isPassing())) { trouble = null; failures = 0; }
    if (changed.includes(place)) paintAnswer();
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
