/* A form as its candidate meets it, for whoever writes the paper: the player's own editors and look, without a clock that runs, an
 * account, or anything that is saved. Stands after player_inputs.js and player_view.js in one scope. */
"use strict";

(() => {
  const form = JSON.parse($("form").textContent);
  const given = {};
  let at = 0;

  function turn() {
    const item = form.items[at];
    const meta = empty($("meta"));
    meta.appendChild(h("b", { text: "第 " + item.position + " 题" }));
    meta.appendChild(h("span", { text: TYPE_LABELS[item.type] || "" }));
    meta.appendChild(h("span", { text: item.points + " 分" }));
    if (item.must_be_right) meta.appendChild(h("span", { class: "tag tag-must", text: "必须答对" }));
    $("stem").textContent = spokenStem(item);
    $("stem").classList.toggle("sr", item.type === "blank");
    put(empty($("pictures")), picturesAt(item, "stem"));
    $("how").textContent = HOW[item.type] || "";
    const drawn = editorOf(item, "answer-" + item.position, () => {
      given[item.position] = drawn.read();
      drawn.show(given[item.position]);
      count();
    });
    empty($("options")).appendChild(drawn.node);
    drawn.show(given[item.position] || []);
    $("previous").disabled = at === 0;
    $("next").disabled = at === form.items.length - 1;
    window.scrollTo(0, 0);
    count();
  }

  function count() {
    const done = form.items.filter(item => extent(item, given[item.position] || []) === 2).length;
    $("where").textContent = (at + 1) + " / " + form.items.length;
    $("answered").textContent = "已答 " + done;
    $("progress").style.width = (100 * done / form.items.length) + "%";
  }

  $("previous").addEventListener("click", () => { at -= 1; turn(); });
  $("next").addEventListener("click", () => { at += 1; turn(); });
  turn();
})();
