"""Azure Functions with the Durable extension, on one machine: runs an unmodified `function_app.py`.

__main__.py     the command: `python -m localcloud.host APP_DIR --port N`
app.py          loads and indexes the app; refuses what the real worker refuses
settings.py     host.json and local.settings.json
promise.py      a deterministic future and coroutine runner, for replays
replay.py       the extension's side of the out-of-process protocol: actions awaited strictly in order
episode.py      one episode of an orchestration: history + new events -> new history and what to do
events.py       history events as the protocol writes them
store.py        the task hub's data: instances, histories, messages, work; an episode is one transaction
cache.py        histories between episodes
write.py        what those transactions write
schema.py       the SQLite file itself: its tables, whose it is, who has it open
invoke.py       how a function is called: arguments, thread, timeout
hub.py          the task hub: claims work, runs episodes and activities, wakes timers
management.py   /runtime/webhooks/durabletask and /durabletask
web.py          the web server: HTTP triggers, admin and management API
pages.py        the read-only pages: instances, one as a timeline
timeline.py     a history as bars over time
markup.py       HTML and SVG that escape by themselves
ncrontab.py     six-field schedules
timers.py       timer triggers
logs.py         coloured lines in a terminal, JSON lines elsewhere
"""
