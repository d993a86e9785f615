"""Home."""

import streamlit as st

from quiz.ui import gate

user = gate.require_user()
st.title(f"{user.name}，您好")
