"""Pages for people of the shop: server-rendered, live by server-sent events, with no script from anywhere else.

A page is a route on a router from `pages.room()` that answers with `pages.render(request, "name.html", ...)`; who asks
comes from `sessions` as `Colleague` or `SupervisorPage`. It carries what people do to the same functions as the API.
"""
