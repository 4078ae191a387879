"""Tables, figures and the page; reads score files only."""
