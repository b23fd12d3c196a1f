// How many characters a field still takes, and when a text grows long.

const long = 3000;

for (const field of document.querySelectorAll("[data-counts]")) {
  const limit = Number(field.dataset.counts);
  const counter = document.createElement("output");
  counter.className = "hint figure block text-end";
  counter.htmlFor = field.id;
  const count = () => {
    // As the server counts: by characters, a line break as one.
    const length = [...field.value].length;
    counter.textContent = `${length.toLocaleString()} / ${limit.toLocaleString()}`;
    counter.classList.toggle("font-bold", length > long);
    counter.classList.toggle("text-error", length > limit);
  };
  field.after(counter);
  field.addEventListener("input", count);
  count();
}
