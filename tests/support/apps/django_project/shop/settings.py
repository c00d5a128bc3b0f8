SECRET_KEY = "only for development"
DEBUG = True
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "shop.urls"
INSTALLED_APPS = ["greet"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
