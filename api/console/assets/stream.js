// The stream of news, which a page holds only while somebody can see it.
"use strict";

// A browser gives a host six connections in HTTP/1.1, so a page out of sight gives its own back.
class Stream {
  #source = null;
  #heard = [];
  #look = () => (document.hidden ? this.#shut() : this.#open());

  constructor(address) {
    this.address = address;
    document.addEventListener("visibilitychange", this.#look);
    this.#look();
  }

  get readyState() {
    return this.#source?.readyState ?? EventSource.CONNECTING;
  }

  addEventListener(name, heard) {
    this.#heard.push([name, heard]);
    this.#source?.addEventListener(name, heard);
  }

  removeEventListener(name, heard) {
    this.#heard = this.#heard.filter((each) => each[0] !== name || each[1] !== heard);
    this.#source?.removeEventListener(name, heard);
  }

  close() {
    document.removeEventListener("visibilitychange", this.#look);
    this.#shut();
  }

  #open() {
    if (this.#source) return;
    const source = this.#source = new EventSource(this.address);
    source.onopen = (event) => this.onopen?.(event);
    source.onerror = (event) => {
      // Whoever gives up is replaced by another stream, and must not wake up beside it.
      if (source.readyState === EventSource.CLOSED) document.removeEventListener("visibilitychange", this.#look);
      this.onerror?.(event);
    };
    for (const [name, heard] of this.#heard) source.addEventListener(name, heard);
  }

  #shut() {
    this.#source?.close();
    this.#source = null;
  }
}

htmx.createEventSource = (address) => new Stream(address);

// Out of sight is still at work: browsers let such a page ask about once a minute.
setInterval(() => {
  const here = document.getElementById("still-here");
  if (document.hidden && here) htmx.trigger(here, "still-here");
}, 45_000);
