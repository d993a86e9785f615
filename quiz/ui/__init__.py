"""The one door to Streamlit: gate, store, state, theme, components."""
