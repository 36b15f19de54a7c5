"use strict";
// Opens the claims that a number counts: copies of the cards at the end of the page. Text is never made into markup.
(() => {
  const AT_A_TIME = 100;
  const sets = JSON.parse(document.getElementById("sets").textContent);
  const dialog = document.getElementById("opened");
  const title = document.getElementById("opened-title");
  const count = document.getElementById("opened-count");
  const list = document.getElementById("opened-list");
  const more = document.getElementById("opened-more");
  let waiting = [];

  const show = () => {
    for (const number of waiting.splice(0, AT_A_TIME)) {
      const card = document.getElementById(`c${number}`).cloneNode(true);
      card.removeAttribute("id");
      list.append(card);
    }
    more.hidden = waiting.length === 0;
  };

  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-set]");
    if (!link) return;
    event.preventDefault();
    const set = sets[Number(link.dataset.set)];
    title.textContent = link.getAttribute("title") ?? link.querySelector("title")?.textContent ?? "";
    count.textContent = String(set.length);
    list.replaceChildren();
    waiting = [...set];
    show();
    if (set.length <= 20) for (const card of list.children) card.open = true;
    if (!dialog.open) dialog.showModal();
    dialog.scrollTop = 0;
  });
  more.addEventListener("click", show);
  document.getElementById("opened-close").addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
})();
