"""A visitor on a team's page: answers while typing, and files that are dropped (S9)."""

DROP = """() => {
    const files = new DataTransfer();
    files.items.add(new File(["x"], "photo.png", { type: "image/png" }));
    files.items.add(new File(["y"], "log.txt", { type: "text/plain" }));
    const form = document.querySelector(".s_website_form form");
    for (const name of ["dragenter", "dragover", "drop"]) {
        const options = { bubbles: true, cancelable: true, dataTransfer: files };
        form.dispatchEvent(new DragEvent(name, options));
    }
}"""


def test_answers_while_typing_and_files_that_are_dropped(product, person):
    visitor = person()
    visitor.goto('/helpdesk')
    visitor.locator('.card', has_text="Technical Support").get_by_text("Send a request").click()
    visitor.locator('.o_files_zone').wait_for(state='attached')
    assert "you have our answer by" in visitor.locator('.o_helpdesk_now').inner_text()
    subject = visitor.locator("input[name='name']")
    subject.press_sequentially("label printer", delay=20)
    answer = visitor.locator('.o_helpdesk_suggestions a').first
    answer.wait_for()
    # reached with Tab, right after the field
    subject.press('Tab')
    assert visitor.evaluate("document.activeElement.closest('.o_helpdesk_suggestions') !== null")
    subject.fill("xyzzy nothing like it")
    answer.wait_for(state='detached')

    visitor.evaluate(DROP)
    zone = visitor.locator('.o_files_zone')
    zone.get_by_text("photo.png").wait_for()
    assert "log.txt" in zone.inner_text()
