// The demo shop's two switches; a real shop knows who is signed in and what they speak.
const chat = document.querySelector("holdfast-chat");
const asked = new URLSearchParams(location.search);

function choose(name, apply) {
  const box = document.getElementById(name);
  if (asked.has(name)) box.value = asked.get(name);
  box.addEventListener("change", () => apply(box.value));
  if (asked.has(name)) apply(box.value);
}

choose("customer", (customer) => chat.setAttribute("token-url", `/chat/demo/token?customer=${encodeURIComponent(customer)}`));
choose("language", (language) => chat.setAttribute("language", language));
if (asked.has("conversation")) chat.setAttribute("conversation", asked.get("conversation"));
