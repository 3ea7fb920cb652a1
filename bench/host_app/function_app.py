"""What the bench runs on the Functions host; in_memory.py has the same for the other side."""

import azure.durable_functions as df

app = df.DFApp()
CITIES = ("Tokyo", "Seattle", "London", "Lima", "Nairobi")


@app.activity_trigger(input_name="city")
def say_hello(city: str) -> str:
    return f"Hello {city}!"


@app.orchestration_trigger(context_name="context")
def hello_cities(context):
    greetings = []
    for city in CITIES:
        greetings.append((yield context.call_activity("say_hello", city)))
    return greetings


@app.orchestration_trigger(context_name="context")
def fan_out(context):
    greetings = yield context.task_all([context.call_activity("say_hello", str(n)) for n in range(context.get_input())])
    return len(greetings)


@app.orchestration_trigger(context_name="context")
def chain(context):
    for n in range(context.get_input()):
        yield context.call_activity("say_hello", str(n))
    return context.get_input()


@app.orchestration_trigger(context_name="context")
def single(context):
    return (yield context.call_activity("say_hello", context.get_input()))
