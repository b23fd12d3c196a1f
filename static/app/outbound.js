// The steps of a run. Without JavaScript every field is there.

// Fields that matter for one choice only are shown with it.
for (const part of document.querySelectorAll("[data-shown-with]")) {
  const choices = part.closest("form").elements[part.dataset.shownWith];
  const follow = () => {
    part.hidden = choices.value !== part.dataset.shownFor;
  };
  for (const choice of choices) choice.addEventListener("change", follow);
  follow();
}
